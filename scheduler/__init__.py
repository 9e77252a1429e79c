"""APScheduler jobs. They hold no state: each tick derives its work from the tables."""
