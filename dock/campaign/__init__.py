"""Campaigns: settings become a plan of tasks, tasks become results, results become tables."""

from dock.campaign.campaign import Campaign

__all__ = ["Campaign"]
