package org.sipproxy.server;

import java.io.Closeable;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.options.BindFailedException;
import org.sipproxy.message.HostName;

/** Check whether endpoints are addresses of this machine and can be bound. */
final class PortCheck {

    private PortCheck() {}

    /** Returns a line for each endpoint that cannot be bound; empty if all can be bound at the same time. */
    static List<String> problems(List<Endpoint> endpoints) {
        List<String> problems = new ArrayList<>();
        List<Closeable> open = new ArrayList<>();
        try {
            for (Endpoint endpoint : endpoints) {
                try {
                    open.add(bind(endpoint));
                } catch (IOException e) {
                    problems.add(explain(endpoint, e));
                }
            }
        } finally {
            open.forEach(PortCheck::close);
        }
        return problems;
    }

    /** Binds a UDP socket without SO_REUSEPORT, so that it fails if another proxy uses the port with that option. */
    private static Closeable bind(Endpoint endpoint) throws IOException {
        InetSocketAddress address =
                new InetSocketAddress(InetAddress.getAllByName(endpoint.host())[0], endpoint.port());
        if (endpoint.kind() == TransportKind.UDP) {
            return new DatagramSocket(address);
        }
        ServerSocket socket = new ServerSocket();
        try {
            socket.setReuseAddress(true); // connections of an earlier run may be in TIME_WAIT
            socket.bind(address);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private static void close(Closeable socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new IllegalStateException("closing a socket that was never used failed", e);
        }
    }

    /** Returns a line for each endpoint that is not at an address of this machine. Opens nothing. */
    static List<String> foreignAddresses(List<Endpoint> endpoints) {
        List<String> problems = new ArrayList<>();
        for (Endpoint endpoint : endpoints) {
            try {
                InetAddress address = InetAddress.getAllByName(endpoint.host())[0];
                if (!address.isAnyLocalAddress()
                        && !address.isLoopbackAddress()
                        && NetworkInterface.getByInetAddress(address) == null) {
                    problems.add(explain(endpoint, new SocketException("Cannot assign requested address")));
                }
            } catch (IOException e) {
                problems.add(explain(endpoint, e));
            }
        }
        return problems;
    }

    /** Returns the text for a failure of {@code start()}. */
    static String explain(BindFailedException e) {
        return withOwnAddresses(LibraryProblems.text(e.problem()));
    }

    private static String explain(Endpoint endpoint, IOException e) {
        return explain(new BindFailedException(endpoint, e));
    }

    /** Adds the addresses of this machine if the given one is not among them. */
    private static String withOwnAddresses(String message) {
        return message.contains("not an address of this machine") ? message + "; it has " + ownAddresses() : message;
    }

    private static String ownAddresses() {
        try {
            return NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .map(HostName::literal)
                    .collect(Collectors.joining(", "));
        } catch (SocketException e) {
            return "no addresses that can be listed";
        }
    }
}
