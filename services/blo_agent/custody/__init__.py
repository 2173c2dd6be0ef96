"""The node's keys and disks in daily life: backups, certificates, new keys, granting again."""
