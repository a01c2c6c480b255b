variable "hcloud_token" {
  description = "Hetzner Cloud's API token"
  type        = string
  sensitive   = true
}

variable "cloudflare_token" {
  description = "Cloudflare's API token, for the zone's DNS"
  type        = string
  sensitive   = true
}

variable "cloudflare_zone_id" {
  description = "The zone in which the names are made"
  type        = string
}

variable "ssh_public_key" {
  description = "The operator's public key"
  type        = string
}

variable "operator_addresses" {
  description = "Networks from which a shell can be reached, such as [\"203.0.113.7/32\"]"
  type        = list(string)
}

variable "server_type" {
  description = "The article's size: 4 cores, 8 GB"
  type        = string
  default     = "cx32"
}

variable "location" {
  description = "Hetzner's location"
  type        = string
  default     = "nbg1"
}
