package org.sipproxy.jdbc;

import java.util.HashSet;
import java.util.Set;
import javax.sql.DataSource;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.support.Quantity;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Additional domains of a proxy, from Kamailio's table {@code domain}: each row's domain is served as if the proxy had
 * been built with it. The table is read when the proxy starts and by {@link #reload()}; requests only look into a set
 * in memory.
 *
 * <p>A component: {@code SipProxy.builder().domain("example.org").component(JdbcDomains.of(dataSource))}. The proxy
 * does not start if the table cannot be read. The attributes of domains and their {@code did} are ignored.
 */
public final class JdbcDomains implements ProxyComponent {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.DATABASE);

    private static final int STATEMENT_SECONDS = 30;

    private final QuietJdbi jdbi;
    private final DatabaseCalls calls = new DatabaseCalls();
    private final RowProblems problems = new RowProblemLog(LOG);
    /** Never modified in place; written by the thread that reloads, read by receiver threads. */
    private volatile Set<String> domains = Set.of();

    private JdbcDomains(QuietJdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** Returns the domains in a database. The host application closes the data source. */
    public static JdbcDomains of(DataSource dataSource) {
        return new JdbcDomains(QuietJdbi.over("domains", dataSource));
    }

    @Override
    public String name() {
        return "domains";
    }

    @Override
    public void install(ComponentHooks hooks) {
        hooks.serveDomains(this::domains);
    }

    @Override
    public void start(ProxyRuntime proxy) {
        calls.begin(proxy);
        reload();
    }

    @Override
    public void close() {
        calls.end();
    }

    /** Returns the domains of the latest reload, in lower case. The set does not change. */
    public Set<String> domains() {
        return domains;
    }

    /**
     * Reads the table again; its domains are served from then on. Blocks. A row that is not a host name is skipped and
     * logged once, at WARN. Bindings of a removed domain stay until they expire, and are used again if the domain is
     * added again.
     *
     * @throws RuntimeException if the table cannot be read; the domains stay as they were
     */
    public void reload() {
        Set<String> read = calls.run("domains.read_all", this::read);
        domains = Set.copyOf(read);
        LOG.info("{} from table domain", Quantity.of(read.size(), "domain"));
    }

    private Set<String> read() {
        Set<String> read = new HashSet<>();
        jdbi.useHandle(handle -> handle.createQuery("SELECT id, " + RowText.bytesOf("domain") + " FROM domain")
                .setQueryTimeout(STATEMENT_SECONDS)
                .map((row, context) -> {
                    String domain =
                            HostName.normal(RowText.orEmpty(row, "domain").strip());
                    if (isHost(domain)) {
                        read.add(domain);
                    } else {
                        problems.found(
                                "domain",
                                "id " + row.getLong("id"),
                                "skipped: \"" + SipParseException.excerpt(domain) + "\" is not a host name");
                    }
                    return domain;
                })
                .list());
        return read;
    }

    private static boolean isHost(String text) {
        try {
            SipUri uri = SipUri.parse("sip:" + text);
            return !uri.hasUser() && uri.port() < 0 && uri.host().equals(text);
        } catch (SipParseException e) {
            return false;
        }
    }
}
