package org.sipproxy.core;

import java.util.List;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/** Checks of the domains and aliases of a proxy. */
final class NameChecks {

    private final List<String> domains;
    private final List<String> aliases;

    NameChecks(List<String> domains, List<String> aliases) {
        this.domains = domains;
        this.aliases = aliases;
    }

    void addTo(OptionProblems found) {
        if (domains.isEmpty()) {
            found.add(
                    "domain",
                    "",
                    "none",
                    "add one, such as example.org, the part after the @ of your users' addresses");
        }
        for (String domain : domains) {
            if (!isHost(domain)) {
                found.add(
                        "domain",
                        quoted(domain),
                        "is not a host",
                        "write a host name such as example.org, without port or sip:");
            }
        }
        for (String alias : aliases) {
            int colon = alias.endsWith("]") ? -1 : alias.lastIndexOf(':');
            String port = colon < 0 ? "1" : alias.substring(colon + 1);
            if (!port.matches("\\d{1,5}") || Integer.parseInt(port) < 1 || Integer.parseInt(port) > 65_535) {
                found.add("alias", quoted(alias), "has no port from 1 to 65535 after its colon");
            } else if (!isHost(colon < 0 ? alias : alias.substring(0, colon))) {
                found.add("alias", quoted(alias), "is not a host", "write host or host:port");
            }
        }
    }

    private static boolean isHost(String text) {
        try {
            SipUri uri = SipUri.parse("sip:" + text);
            return !uri.hasUser()
                    && uri.port() < 0
                    && uri.host().equals(text)
                    && (HostName.canonical(text) != null
                            || HostName.address(text).isPresent());
        } catch (SipParseException e) {
            return false;
        }
    }

    private static String quoted(String text) {
        return '"' + SipParseException.excerpt(text) + '"';
    }
}
