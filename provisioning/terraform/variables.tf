variable "hcloud_token" {
  description = "Hetzner Cloud API token"
  type        = string
  sensitive   = true
}

variable "cloudflare_token" {
  description = "Cloudflare API token for the zone's DNS"
  type        = string
  sensitive   = true
}

variable "cloudflare_zone_id" {
  description = "Zone for the DNS records"
  type        = string
}

variable "ssh_public_key" {
  description = "The operator's SSH public key"
  type        = string
}

variable "operator_addresses" {
  description = "Networks allowed to use SSH, such as [\"203.0.113.7/32\"]"
  type        = list(string)
}

variable "server_type" {
  description = "Server type; the article's has 4 cores and 8 GB"
  type        = string
  default     = "cx32"
}

variable "location" {
  description = "Hetzner location"
  type        = string
  default     = "nbg1"
}
