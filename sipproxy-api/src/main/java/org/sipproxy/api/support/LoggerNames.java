package org.sipproxy.api.support;

/**
 * Names of the loggers of the proxy and its add-ons, and the keys of the diagnostic context (MDC). They stay the same
 * from version to version, whatever classes log. {@code docs/logging.md} says what each of them logs at which level.
 */
public final class LoggerNames {

    /** Start and stop, threads, and defects of the proxy itself. */
    public static final String PROXY = "org.sipproxy.proxy";

    /** Sockets, connections, TLS, keepalives and malformed input. */
    public static final String TRANSPORT = "org.sipproxy.transport";

    /** Targets, next hops, DNS and the policy on addresses. */
    public static final String ROUTING = "org.sipproxy.routing";

    /** Requests, responses and connections that were refused: one line each, limited per source and reason. */
    public static final String REFUSALS = "org.sipproxy.refusals";

    /** Registrations and the bindings that end with their connection. */
    public static final String REGISTRAR = "org.sipproxy.registrar";

    /** Storage of bindings in memory and database. */
    public static final String LOCATION = "org.sipproxy.location";

    /** Failures of code of the host application: stages, listeners, stores. */
    public static final String HOST = "org.sipproxy.host";

    /** Digest authentication and subscribers. */
    public static final String AUTHENTICATION = "org.sipproxy.authentication";

    /** Access lists. */
    public static final String ACCESS = "org.sipproxy.access";

    /** Events for an audit: failed logins, lockouts, scanners, bans. */
    public static final String AUDIT = "org.sipproxy.audit";

    /** NAT traversal. */
    public static final String NAT = "org.sipproxy.nat";

    /** Gateways: their states, and probes. */
    public static final String GATEWAYS = "org.sipproxy.gateways";

    /** Database connections, and the tables of domains, aliases and gateways. */
    public static final String DATABASE = "org.sipproxy.database";

    /** Accounting rows and call records. */
    public static final String ACCOUNTING = "org.sipproxy.accounting";

    /** Key of the diagnostic context: the Call-ID of the request that a line is about. */
    public static final String MDC_CALL_ID = "sip.callId";

    /** Key of the diagnostic context: the method of the request that a line is about. */
    public static final String MDC_METHOD = "sip.method";

    private LoggerNames() {}
}
