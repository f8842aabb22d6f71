package org.sipproxy.server.migrate;

import java.util.Optional;

/**
 * Host and port of an address.
 *
 * @param host IPv6 without brackets
 * @param port 0 if none is given
 */
record HostPort(String host, int port) {

    private static final int MOST_PORT = 65_535;

    /** Parses {@code HOST}, {@code HOST:PORT} or {@code [IPv6]:PORT}; empty if the text is something else. */
    static Optional<HostPort> parse(String text) {
        int close = text.startsWith("[") ? text.indexOf(']') : 0;
        if (close < 0) {
            return Optional.empty();
        }
        int colon = text.indexOf(':', close);
        boolean isBareAddress = close == 0 && colon >= 0 && text.indexOf(':', colon + 1) >= 0;
        String host =
                close > 0 ? text.substring(1, close) : colon < 0 || isBareAddress ? text : text.substring(0, colon);
        String port = isBareAddress || colon < 0 ? "" : text.substring(colon + 1);
        boolean isHost = host.matches(close > 0 || isBareAddress ? "[0-9A-Fa-f:.]{2,45}" : "[A-Za-z0-9_.-]{1,253}");
        if (!isHost || !port.matches("[0-9]{0,5}") || colon >= 0 && !isBareAddress && port.isEmpty()) {
            return Optional.empty();
        }
        int number = port.isEmpty() ? 0 : Integer.parseInt(port);
        return number > MOST_PORT ? Optional.empty() : Optional.of(new HostPort(host, number));
    }

    static boolean isNumeric(String host) {
        return host.indexOf(':') >= 0 || host.matches("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
    }

    /** Returns the host with brackets if it is an IPv6 address. */
    String bracketed() {
        return host.indexOf(':') >= 0 ? '[' + host + ']' : host;
    }
}
