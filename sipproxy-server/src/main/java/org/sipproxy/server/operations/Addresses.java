package org.sipproxy.server.operations;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.message.HostName;
import org.sipproxy.security.CidrBlock;

/** Addresses and networks as operators read and write them. */
final class Addresses {

    private Addresses() {}

    static String text(InetSocketAddress address) {
        return HostName.text(address.getAddress()) + ":" + address.getPort();
    }

    static boolean isAddress(String text) {
        return text.matches("\\d+(\\.\\d+){3}|[0-9a-fA-F.]*:[0-9a-fA-F:.]*");
    }

    /** Parses a numeric address or a network; never resolves a name. */
    static CidrBlock parseNetwork(String text) {
        try {
            return CidrBlock.parse(text);
        } catch (ConfigurationException e) {
            throw new OperationException(
                    OperationException.Kind.INVALID, e.problems().get(0).text());
        }
    }

    /** Parses a numeric address; never resolves a name. */
    static InetAddress parse(String text) {
        try {
            if (isAddress(text)) {
                return CidrBlock.parse(text).address();
            }
        } catch (ConfigurationException e) {
            // reported below
        }
        throw new OperationException(
                OperationException.Kind.INVALID,
                "\"" + text + "\" is not a numeric address; write it as 192.0.2.7 or 2001:db8::7");
    }
}
