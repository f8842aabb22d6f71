package org.sipproxy.core.internal.netty;

import java.util.function.Supplier;

/** Error message for a Netty that is missing, incomplete or too old. Loads no Netty class to build it. */
public final class NettyVersion {

    private NettyVersion() {}

    /**
     * Returns what {@code opener} opens.
     *
     * @throws IllegalStateException if the Netty of the class path lacks a class or method that it needs
     */
    public static <T> T using(Supplier<T> opener) {
        try {
            return opener.get();
        } catch (LinkageError e) {
            throw new IllegalStateException(
                    "netty: " + found(e)
                            + "; TCP, TLS, WebSocket and the DNS need Netty 4.1 or 4.2 in a recent version: all modules"
                            + " that sipproxy-core depends on, in the same version (with Spring Boot: the property"
                            + " netty.version)",
                    e);
        }
    }

    private static String found(LinkageError e) {
        try {
            Package channel = Class.forName("io.netty.channel.Channel", false, NettyVersion.class.getClassLoader())
                    .getPackage();
            String version = channel == null ? null : channel.getImplementationVersion();
            return "the version on the class path (" + (version == null ? "unknown" : version) + ") does not work: "
                    + e;
        } catch (ClassNotFoundException | LinkageError missing) {
            return "not on the class path";
        }
    }
}
