# One server at Hetzner with DNS records at Cloudflare, as in the article:
#   terraform init && terraform apply -var-file=secrets.tfvars
# Then copy the repository's provisioning/, dashboards/ and target/ to /opt/footfall and
# run `docker compose up -d` there.
terraform {
  required_version = ">= 1.6"
  required_providers {
    hcloud     = { source = "hetznercloud/hcloud", version = "~> 1.50" }
    cloudflare = { source = "cloudflare/cloudflare", version = "~> 4.50" }
  }
}

provider "hcloud" {
  token = var.hcloud_token
}

provider "cloudflare" {
  api_token = var.cloudflare_token
}

resource "hcloud_ssh_key" "operator" {
  name       = "footfall"
  public_key = var.ssh_public_key
}

# Events from anywhere; SSH only from the operator's addresses.
resource "hcloud_firewall" "footfall" {
  name = "footfall"

  dynamic "rule" {
    for_each = ["80", "443"]
    content {
      direction  = "in"
      protocol   = "tcp"
      port       = rule.value
      source_ips = ["0.0.0.0/0", "::/0"]
    }
  }

  rule {
    direction  = "in"
    protocol   = "tcp"
    port       = "22"
    source_ips = var.operator_addresses
  }
}

resource "hcloud_server" "footfall" {
  name         = "footfall"
  server_type  = var.server_type
  image        = "debian-12"
  location     = var.location
  ssh_keys     = [hcloud_ssh_key.operator.id]
  firewall_ids = [hcloud_firewall.footfall.id]
  user_data    = file("${path.module}/cloud-init.yaml")
}

resource "cloudflare_record" "names" {
  for_each = toset(["analytics", "dashboard"])
  zone_id  = var.cloudflare_zone_id
  name     = each.value
  type     = "A"
  content  = hcloud_server.footfall.ipv4_address
  proxied  = each.value == "dashboard"
}

output "address" {
  value = hcloud_server.footfall.ipv4_address
}
