package org.sipproxy.server.migrate;

import java.util.List;
import java.util.Optional;

/** Clients: NAT traversal, flood control, timers and logs. */
final class ClientTranslator {

    private static final long LONGEST_PING = 3_600;

    private final Import all;

    ClientTranslator(Import all) {
        this.all = all;
    }

    void translate() {
        nat();
        flood();
        timers();
        logs();
        trackedCalls();
        all.parameter("usrloc.handle_lost_tcp")
                .ifPresent(one -> all.differs(
                        one.place(),
                        "usrloc.handle_lost_tcp " + one.value()
                                + ": connection-loss remove-unreachable is the default; the"
                                + " others are remove and keep"));
        all.script
                .parameter("server_id")
                .ifPresent(one -> all.settings.add("server-id", one.text(), one.place(), "server_id"));
    }

    // ---- NAT

    private void nat() {
        if (!all.has(Feature.NAT)) {
            if (all.script.loads("nathelper")) {
                all.covered(
                        place("nathelper.natping_interval"),
                        "nathelper is loaded, but no route block calls nat_uac_test with fix_nated_register, so nat is off");
            }
            return;
        }
        Place place = all.placeOf(Feature.NAT);
        all.settings.add("nat", "", place, "nat_uac_test");
        String tests = natTests();
        if (!tests.equals("19")) {
            all.settings.add("nat-test", tests, place, "nat_uac_test");
        }
        all.differs(
                place,
                "nat also aliases the Contacts of calls and responses and recognizes browsers, so that BYE and ACK reach"
                        + " clients behind NATs; the alias is signed");
        ping();
    }

    private String natTests() {
        Statement statement = all.features.get(Feature.NAT);
        List<Token> words = statement == null ? List.of() : statement.tokens();
        for (int i = 0; i + 2 < words.size(); i++) {
            if (words.get(i).isWord("nat_uac_test") && words.get(i + 2).text().matches("[0-9]{1,4}")) {
                return words.get(i + 2).text();
            }
        }
        return "19";
    }

    private void ping() {
        Place place = place("nathelper.natping_interval");
        long seconds = all.number("nathelper.natping_interval").orElse(0L);
        if (seconds <= 0) {
            all.settings.add("nat-ping", "0", place, "no natping_interval");
            return;
        }
        if (seconds > LONGEST_PING) {
            all.decide(place, "nathelper.natping_interval " + seconds + ": NATs forget a mapping earlier; default 15s");
        }
        all.settings.add("nat-ping", Math.min(seconds, LONGEST_PING) + "s", place, "nathelper.natping_interval");
        boolean isSip = all.parameter("nathelper.sipping_bflag").isPresent() && all.has(Feature.NAT_SIP_PING);
        if (!isSip) {
            all.settings.add("nat-ping-method", "EMPTY", place, "no binding has the sipping_bflag");
            all.parameter("nathelper.sipping_method")
                    .ifPresent(one -> all.differs(
                            one.place(),
                            "nathelper.sipping_method alone has no effect in Kamailio: without sipping_bflag, pings are four zero"
                                    + " bytes, as kept here; nat-ping-method OPTIONS gets responses"));
        } else {
            all.parameter("nathelper.sipping_method")
                    .filter(one -> !one.value().equals("OPTIONS"))
                    .ifPresent(one -> all.differs(one.place(), "pings are OPTIONS, not " + one.value()));
        }
        if (all.number("nathelper.ping_nated_only").orElse(0L) == 0) {
            all.settings.add("nat-ping-all", "", place, "no ping_nated_only");
        }
        all.number("nathelper.keepalive_timeout")
                .filter(one -> one > 0)
                .ifPresent(timeout -> all.settings.add(
                        "nat-remove-after",
                        Long.toString(Math.max(1, Math.min(100, timeout / seconds))),
                        place("nathelper.keepalive_timeout"),
                        "keepalive_timeout by natping_interval"));
    }

    private Place place(String key) {
        return all.parameter(key).map(Script.ModuleParameter::place).orElse(new Place(key, 0));
    }

    // ---- floods

    private void flood() {
        if (!all.has(Feature.SCANNERS) && !all.script.blocks.isEmpty()) {
            all.differs(
                    new Place("scanners", 0),
                    "no route block drops requests of scanning tools; here they are dropped (scanners report)");
        }
        if (!all.has(Feature.FLOOD)) {
            return;
        }
        long unit = Math.max(1, all.number("pike.sampling_time_unit").orElse(2L));
        long density = Math.max(1, all.number("pike.reqs_density_per_unit").orElse(30L));
        String perSecond =
                density % unit == 0 ? Long.toString(density / unit) : Double.toString((double) density / unit);
        all.settings.add(
                "rate-limit",
                perSecond + ":" + density,
                place("pike.reqs_density_per_unit"),
                "pike: " + density + " in " + unit + " s");
        all.parameter("htable.htable")
                .ifPresent(one -> all.differs(
                        one.place(),
                        "htable " + one.value()
                                + ": a source above the limit is not banned; its messages are dropped while it is"
                                + " above the limit. Failed logins lead to a lockout"));
    }

    // ---- timers and logs

    private void timers() {
        all.number("tm.fr_timer")
                .ifPresent(millis -> all.differs(
                        place("tm.fr_timer"),
                        "tm.fr_timer " + millis
                                + " ms: transaction-timeout stays at 32 s, 64 times T1 (RFC 3261 §17.1.1.2)"));
        all.number("tm.fr_inv_timer")
                .ifPresent(millis -> all.differs(
                        place("tm.fr_inv_timer"),
                        "tm.fr_inv_timer " + millis
                                + " ms: Timer C must be above 3 minutes (RFC 3261 §16.6) and is 181 s;"
                                + " ring-timeout " + Math.max(1, millis / 1000) + "s ends calls as early as Kamailio"));
        for (String name : List.of("udp_mtu", "udp_mtu_try_proto")) {
            all.script
                    .parameter(name)
                    .ifPresent(one -> all.covered(
                            one.place(),
                            name + ": requests above 1300 bytes use TCP if possible (largest-udp-request)"));
        }
        if (all.script.parameter("udp_mtu").isEmpty()) {
            all.differs(
                    new Place("udp_mtu", 0),
                    "not set: Kamailio sends requests of any size over UDP; here those above 1300 bytes use TCP if the next"
                            + " hop accepts it (largest-udp-request off)");
        }
    }

    private void logs() {
        Optional<Script.Parameter> debug = all.script.parameter("debug");
        debug.flatMap(one -> all.number(one.text(), one.place(), "debug")).ifPresent(level -> {
            String name = level >= 3 ? "debug" : level >= 1 ? "info" : level == 0 ? "warn" : "error";
            if (!name.equals("info")) {
                all.settings.add("log-level", name, debug.get().place(), "debug " + level);
            } else {
                all.covered(debug.get().place(), "debug " + level + ": log-level info");
            }
            if (level > 3) {
                all.covered(debug.get().place(), "debug " + level + " is the same as 3; trace prints every message");
            }
        });
        all.parameter("acc.log_flag")
                .ifPresent(one -> all.differs(
                        one.place(),
                        "acc.log_flag: each call has a line at its start and at its end, not one per request; with a"
                                + " database, accounting writes rows"));
        collector();
    }

    /** Sends messages to the collector of siptrace, which is a SIP URI with the port of HEP. */
    private void collector() {
        Optional<Script.ModuleParameter> collector = all.parameter("siptrace.duplicate_uri");
        if (!all.script.loads("siptrace") || collector.isEmpty()) {
            return;
        }
        Place place = collector.get().place();
        String address = collector.get().value().replaceFirst("^sips?:", "").replaceFirst("[;?].*", "");
        Optional<HostPort> parsed = HostPort.parse(address).filter(one -> one.port() > 0);
        if (parsed.isEmpty()) {
            all.decide(place, "siptrace.duplicate_uri " + collector.get().value() + ": add hep HOST:PORT");
            return;
        }
        all.settings.add("hep", parsed.get().bracketed() + ":" + parsed.get().port(), place, "siptrace.duplicate_uri");
        all.number("siptrace.hep_capture_id")
                .filter(number -> number > 0 && number <= Integer.MAX_VALUE)
                .ifPresent(
                        number -> all.settings.add("hep-id", Long.toString(number), place, "siptrace.hep_capture_id"));
    }

    private void trackedCalls() {
        for (String module : List.of("dialog", "dlgs")) {
            all.script.modules.stream()
                    .filter(one -> one.name().equals(module))
                    .findFirst()
                    .ifPresent(one -> all.settings.add("calls", "", one.place(), "loadmodule " + module));
        }
    }
}
