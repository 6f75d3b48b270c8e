variable "name" {
  description = "What it is called."
  type        = string
}

variable "region" {
  description = "Where it runs."
  type        = string
}

variable "image" {
  description = "What it runs."
  type        = string
}

variable "public" {
  description = "Whether everybody may send it requests."
  type        = bool
}

variable "invokers" {
  description = "Who else may."
  type        = list(string)
}

variable "concurrency" {
  description = "Requests at a time in one instance."
  type        = number
}

variable "instances" {
  description = "The most instances."
  type        = number
}

variable "memory" {
  description = "Memory of an instance, as 512Mi."
  type        = string
}

variable "timeout" {
  description = "Seconds a request may take."
  type        = number
}

variable "environment" {
  description = "Its settings."
  type        = map(string)
}
