"""Campaigns: settings become a plan of steps, steps become results, results become tables."""

from dock.campaign.campaign import Campaign

__all__ = ["Campaign"]
