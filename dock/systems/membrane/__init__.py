"""The membrane: lipids, cholesterol, water and salt around a receptor."""
