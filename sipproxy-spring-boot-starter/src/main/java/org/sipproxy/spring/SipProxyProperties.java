package org.sipproxy.spring;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Addresses, users and threads of the proxy.
 *
 * @param enabled Whether there is a proxy at all.
 * @param listen Listening points, such as udp:192.0.2.1:5060 or 'udp:10.0.0.5:5060 advertise 203.0.113.9:5060'; the
 *     transports are udp, tcp, tls, ws and wss. Required.
 * @param domain Domains that this proxy serves; they are also the digest realms. Required.
 * @param alias Other names of this proxy, host or host:port.
 * @param subscriber Users of every domain as USER:PASSWORD, for development. Without them, the users come from a
 *     CredentialStore bean or from the DataSource.
 * @param noAuth Whether any user of the domains may register and call without a password, for laboratories.
 * @param wsOrigin Origins of web pages that may connect over ws and wss; all if empty.
 * @param udpReceivers Threads for each UDP listening point, 1 to 64. Default one per two cores, at most 8.
 * @param overloadTarget How long messages over UDP may wait before new calls get 503, 20 to 400 ms; 0 switches the
 *     overload control off.
 * @param node Name of this application in a cluster: several of them with one database, the storage database-only and
 *     one secret call each other's phones. 1 to 32 letters, digits, hyphens or periods, the same after a restart.
 * @param nodeAddress Where the other nodes of the cluster send to, such as tcp:192.0.2.1:5060: a listening point over
 *     udp, tcp or tls.
 * @param streamThreads Threads for all TCP, TLS and WebSocket connections, 1 to 64.
 * @param workerThreads Threads that wait for the database, 1 to 1000. Default 8, or 32 with storage write-through.
 * @param secret At least 32 hexadecimal digits by which calls survive a restart, the same for all servers that take over
 *     each other's calls. Default the secret of the database, or else a random one.
 * @param name Start of the names of the proxy's threads.
 * @param logContext Whether stages run with Call-ID and method in the diagnostic context (MDC).
 * @param callDrainTime How long answered calls may continue when the context closes: new ones are refused, and the proxy
 *     closes when there are none, or at the end of this time. Calls are counted if sipproxy.calls.enabled is true.
 */
@ConfigurationProperties("sipproxy")
public record SipProxyProperties(
        @DefaultValue("true") boolean enabled,
        @DefaultValue List<String> listen,
        @DefaultValue List<String> domain,
        @DefaultValue List<String> alias,
        @DefaultValue List<String> subscriber,
        @DefaultValue("false") boolean noAuth,
        @DefaultValue List<String> wsOrigin,
        @Nullable Integer udpReceivers,
        @DefaultValue("100ms") Duration overloadTarget,
        @Nullable String node,
        @Nullable String nodeAddress,
        @DefaultValue("2") int streamThreads,
        @Nullable Integer workerThreads,
        @Nullable String secret,
        @DefaultValue("sipproxy") String name,
        @DefaultValue("false") boolean logContext,
        @DefaultValue("0s") Duration callDrainTime) {

    /** Leaves out secrets. */
    @Override
    public String toString() {
        return "SipProxyProperties[listen=" + listen + ", domain=" + domain + "]";
    }
}
