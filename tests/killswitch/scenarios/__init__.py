"""Ways in which a packet of a confined container could leave the house in the clear.

A scenario brings a world up, lets something happen, sends, and gives what was counted.
"""

from world import World

SCENARIOS = {}


def scenario(title, **more):
    """Registers a function as a scenario, by its name."""

    def register(play):
        SCENARIOS[play.__name__.replace("_", "-")] = (title, play, more)
        return play

    return register


def up(built, column):
    """A world in which everything is up, as on any day."""
    world = World(built, column)
    column.before_docker(world)
    world.start_docker()
    column.after_docker(world)
    column.in_container(world)
    column.up(world)
    if not world.tunnel.works():
        raise RuntimeError("the tunnel did not come up")
    return world


def sent(world, **burst):
    """Sends, and counts."""
    world.wire.reset()
    tried = world.traffic.burst(**burst)
    return {**world.wire.leaks(), "tried": tried}


# Importing them registers them; their order is that of the table.
from scenarios import tunnel, asides, escapes, moments  # noqa: E402, F401
