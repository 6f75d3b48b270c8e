variable "project" {
  description = "The project."
  type        = string
}

variable "names_suffix" {
  description = "Ends the roles' names."
  type        = string
}

variable "services" {
  description = "The services' identities, by name; and of what repairs."
  type        = map(string)
}

variable "publishers" {
  description = "The publishers' identities, by name."
  type        = map(string)
}

variable "operators" {
  description = "Who operates the index."
  type        = list(string)
}

variable "buckets" {
  description = "The buckets' names."
  type        = map(string)
}

variable "topics" {
  description = "The topics' ids, by name."
  type        = map(string)
}

variable "dead_letters" {
  description = "The ids of the dead letters' subscriptions, by name."
  type        = map(string)
}
