package org.sipproxy.core.options;

import java.util.Objects;
import java.util.regex.Pattern;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.IpLiteral;

/**
 * This proxy as one of several nodes that share a location store.
 *
 * <p>A client on a stream, or behind a NAT, can be reached only over the flow that it opened, so only the node where it
 * registered can send to it. That node writes itself into the binding, as a Path (RFC 3327) with a token for the flow
 * (RFC 5626 §5.2), and the other nodes send to it. A request from node to node is signed with a key of the shared
 * {@linkplain org.sipproxy.core.SipProxyBuilder#secret secret}, so it is neither authenticated a second time nor
 * accepted from anyone else.
 *
 * @param node the name of this node, unique in the cluster: 1 to 32 letters, digits, hyphens or periods. It is stored
 *     in bindings, so a node keeps its name across restarts
 * @param address where the other nodes send to: a numeric address or host name and a port at which this proxy listens
 *     over UDP, TCP or TLS. With TCP or TLS a node that has stopped is noticed at once; over UDP only after Timer B or
 *     F, 32 s
 */
public record ClusterSettings(String node, Endpoint address) {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9.-]{0,31}");

    /** Checks for null only; {@code SipProxyBuilder.build} reports everything else. */
    public ClusterSettings {
        Objects.requireNonNull(node, "node");
        Objects.requireNonNull(address, "address");
    }

    /** Adds what is wrong with the settings. */
    public void addTo(OptionProblems problems) {
        if (!NAME.matcher(node).matches()) {
            problems.add("node", "'" + node + "'", "expected 1 to 32 letters, digits, hyphens or periods", "");
        }
        boolean isWildcard = IpLiteral.parse(address.host())
                .filter(java.net.InetAddress::isAnyLocalAddress)
                .isPresent();
        TransportKind kind = address.kind();
        if (address.port() == 0 || isWildcard || kind == TransportKind.WS || kind == TransportKind.WSS) {
            problems.add(
                    "nodeAddress",
                    address.toString(),
                    "expected a host and a port to which the other nodes can send over UDP, TCP or TLS",
                    "give the address of this machine, for example tcp:192.0.2.1:5060");
        }
    }
}
