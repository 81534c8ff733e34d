"""How long wiring takes, compared with what the services themselves take to answer."""

# What a service takes for an answer on a small machine; a test of a connection takes longer by itself.
DELAY = 0.04
MOST = 1.2


def section(world, report):
    report.check("a first run takes no longer than the services' own answers", lambda: measured(world, first=True))
    report.check("a run with nothing to do takes no longer than the services' own answers", lambda: measured(world, first=False))


def measured(world, first):
    world.reset()
    if not first:
        said = world.machine.wire("apply")
        assert said.code == 0, said
    for service in world.services.values():
        service.delay = DELAY
    world.forget_requests()
    said = world.machine.wire("apply")
    assert said.code == 0, said
    world.heal()
    answers = [one[4] for service in world.services.values() for one in service.requests]
    slowest = max(sum(one[4] for one in service.requests) for service in world.services.values())
    ratio = said.seconds / sum(answers)
    assert ratio <= MOST, f"{ratio:.2f} times the sum of {len(answers)} answers"
    return (f"{said.seconds:.2f} s for {len(answers)} answers that took {sum(answers):.2f} s, the slowest service "
            f"{slowest:.2f} s: {ratio:.2f} of the sum")
