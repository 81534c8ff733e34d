"""Moments: at boot, when rules come late, are flushed or loaded again, when Docker or the VPN restarts."""

import time

from scenarios import scenario, sent, up
from world import World


@scenario("flows are open in the clear when the kill-switch is loaded")
def late_rules(built, column):
    world = World(built, column)
    world.start_docker()
    flows = [world.traffic.connection(), world.traffic.flow()]
    column.before_docker(world)
    column.after_docker(world)
    column.in_container(world)
    column.up(world)
    # They are bound to the address of eth0; the routes are to lead there still.
    world.spaces.run("tunnel", f"ip rule add pref 50 from {built.tunnel} lookup main")
    world.wire.reset()
    world.traffic.go_on(flows)
    return world.wire.leaks()


@scenario("nft flush ruleset on the host; wg0 is gone", backed=False)
def flush_ruleset(built, column):
    world = up(built, column)
    world.tunnel.delete()
    world.spaces.run("host", "nft flush ruleset")
    return sent(world)


@scenario("Docker's rules are removed and made anew, five times, under traffic; wg0 is gone")
def docker_restart(built, column):
    world = up(built, column)
    world.tunnel.delete()
    world.wire.reset()
    with world.traffic.flood(0.001) as flood:
        for _ in range(5):
            world.docker.forget()
            time.sleep(0.03)
            world.docker.rules()
        time.sleep(0.1)
    return {**world.wire.leaks(), "tried": flood.sent}


@scenario("the VPN is stopped and started four times under traffic")
def vpn_restart_loop(built, column):
    return _restarts(built, column, 0.002, settled=False)


@scenario("the same, over flows that already have the tunnel's address")
def vpn_restart_flows(built, column):
    return _restarts(built, column, 0, settled=True)


def _restarts(built, column, gap, settled):
    world = up(built, column)
    world.wire.reset()
    with world.traffic.flood(gap, settled=settled, streams=2) as flood:
        time.sleep(0.1)
        for _ in range(4):
            column.down(world)
            time.sleep(0.1)
            column.up(world)
            time.sleep(0.15)
    return {**world.wire.leaks(), "tried": flood.sent}


@scenario("containers start before their own firewall, or rules that come after Docker")
def boot_window(built, column):
    world = World(built, column)
    column.before_docker(world)
    world.start_docker()
    return sent(world, times=3)


@scenario("the rules are loaded 100 times under a flood; wg0 is gone")
def reload_100(built, column):
    world = up(built, column)
    world.tunnel.delete()
    world.wire.reset()
    with world.traffic.flood(0, device="eth0") as flood:
        # Who has no rules to load is flooded for a second.
        if not all(column.reload(world) for _ in range(100)):
            time.sleep(1)
    return {**world.wire.leaks(), "tried": flood.sent}
