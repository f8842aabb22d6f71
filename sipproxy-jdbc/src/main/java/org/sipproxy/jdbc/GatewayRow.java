package org.sipproxy.jdbc;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/** Row of the table {@code dispatcher}. */
final class GatewayRow {

    private static final int INACTIVE = 1;
    private static final int DISABLED = 4;
    private static final int PROBING = 8;
    private static final int NO_PING = 32;

    private GatewayRow() {}

    /**
     * Returns the gateway of a row.
     *
     * @param problems accepts what of the row is not used
     * @throws IllegalArgumentException if the row is not valid
     */
    static Gateway gateway(
            int set, String destination, int flags, int priority, String attrs, Consumer<String> problems) {
        Map<String, String> attributes = attributes(attrs);
        Gateway.Builder gateway = Gateway.builder(Integer.toString(set), SipUri.of(destination.strip()))
                .priority(priority)
                .start(
                        (flags & DISABLED) != 0
                                ? Gateway.Start.DISABLED
                                : (flags & INACTIVE) != 0 ? Gateway.Start.DOWN : Gateway.Start.ACTIVE)
                .probing(
                        (flags & NO_PING) != 0
                                ? Gateway.Probing.NEVER
                                : (flags & PROBING) != 0 ? Gateway.Probing.ALWAYS : Gateway.Probing.AS_SET);
        attributes.forEach((name, value) -> {
            switch (name) {
                case "duid" -> gateway.id(value);
                case "weight" -> number(name, value, 1_000, problems).ifPresent(gateway::weight);
                case "rweight" -> {
                    if (!attributes.containsKey("weight")) {
                        number(name, value, 1_000, problems).ifPresent(gateway::weight);
                    }
                }
                case "maxload" -> number(name, value, 1_000_000, problems).ifPresent(gateway::maximumCalls);
                case "socket" -> socket(gateway, value, problems);
                case "ping_from" -> gateway.probeFrom(SipUri.of(value));
                case "obproxy" -> gateway.outboundProxy(SipUri.of(value));
                default -> {
                    problems.accept("attribute \"" + SipParseException.excerpt(name) + "\" is not used");
                    gateway.attribute(name, value);
                }
            }
        });
        return gateway.build();
    }

    private static void socket(Gateway.Builder gateway, String value, Consumer<String> problems) {
        try {
            gateway.socket(Endpoint.parse(value));
        } catch (IllegalArgumentException e) {
            problems.accept(SocketColumn.unusable(value));
        }
    }

    /** Returns a number; empty if the value is none or outside its range: the gateway stays without it, as in Kamailio. */
    private static OptionalInt number(String name, String value, int most, Consumer<String> problems) {
        try {
            int number = Integer.parseInt(value);
            if (number >= 0 && number <= most) {
                return OptionalInt.of(number);
            }
        } catch (NumberFormatException e) {
            // reported below
        }
        problems.accept("attribute " + name + " \"" + SipParseException.excerpt(value)
                + "\" is not used (expected 0 to " + most + ")");
        return OptionalInt.empty();
    }

    /** Returns the pairs of {@code name=value;name=value}; empty values are as good as none. */
    private static Map<String, String> attributes(String attrs) {
        Map<String, String> attributes = new LinkedHashMap<>();
        for (String pair : attrs.split(";", -1)) {
            int equals = pair.indexOf('=');
            String name = (equals < 0 ? pair : pair.substring(0, equals)).strip();
            String value = equals < 0 ? "" : pair.substring(equals + 1).strip();
            if (!name.isEmpty() && !value.isEmpty()) {
                attributes.putIfAbsent(name, value);
            }
        }
        return attributes;
    }
}
