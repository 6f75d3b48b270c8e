# Former addresses, so that Terraform renames resources in its state and does not replace them.

# Release 0.2.0: "publisher" means only the service; a CI identity is an uploader.
moved {
  from = module.publishers
  to   = module.uploaders
}
