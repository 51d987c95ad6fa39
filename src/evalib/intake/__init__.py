"""Files as received become clean tables; identities end here."""
