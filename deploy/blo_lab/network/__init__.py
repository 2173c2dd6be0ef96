"""Provisioned surroundings that are left running: the offices, links and topics of DOMAIN §1."""
