package org.sipproxy.core.internal.netty;

import java.util.function.Supplier;

/** Words the failure of a Netty that is missing or too old; loads no Netty class for that. */
public final class NettyVersion {

    private NettyVersion() {}

    /**
     * Returns what {@code opener} opens.
     *
     * @throws IllegalStateException if it met a class or method that the Netty of the class path does not have
     */
    public static <T> T using(Supplier<T> opener) {
        try {
            return opener.get();
        } catch (LinkageError e) {
            throw new IllegalStateException(
                    "netty: " + found(e)
                            + "; TCP, TLS, WebSocket and the DNS need Netty 4.1 or 4.2 in a recent version, the same"
                            + " of all its modules (with Spring Boot: the property netty.version)",
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
