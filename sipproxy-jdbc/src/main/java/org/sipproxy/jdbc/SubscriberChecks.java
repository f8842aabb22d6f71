package org.sipproxy.jdbc;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.sipproxy.api.location.UserCase;

/** Checks whether subscribers can authenticate, and whether proxies are notified of changes. */
final class SubscriberChecks {

    /** Enough rows to find a systematic mistake, and fast on any table. */
    private static final int SAMPLE = 1_000;

    private static final int QUICK = 100_000;

    private final Set<String> domains;
    private final boolean hasDomainsOfTable;

    private final UserCase userCase;
    private final boolean plainPasswords;
    /** The rows that are searched for invalid ones: the whole table, or few enough not to delay a start. */
    private final String rows;

    private final Remedies remedies;

    /**
     * @param hasDomainsOfTable true if the proxy also serves those of {@link JdbcDomains}
     */
    SubscriberChecks(
            Set<String> domains,
            boolean hasDomainsOfTable,
            UserCase userCase,
            boolean plainPasswords,
            boolean isQuick,
            Remedies remedies) {
        this.domains = domains;
        this.hasDomainsOfTable = hasDomainsOfTable;
        this.userCase = userCase;
        this.plainPasswords = plainPasswords;
        this.rows = isQuick ? "(SELECT * FROM subscriber LIMIT " + QUICK + ") s" : "subscriber";
        this.remedies = remedies;
    }

    List<Finding> examine(Handle handle) {
        List<Finding> findings = new ArrayList<>();
        long all = count(handle, "SELECT count(*) FROM subscriber");
        if (all == 0) {
            findings.add(Finding.warning(
                    "subscribers",
                    "none, so no user can register",
                    remedies.of("Subscribers.add", "add USER") + " adds one"));
        } else {
            findings.add(Finding.ok("subscribers", Long.toString(all)));
            foreignDomains(handle, findings);
            spellings(handle, findings);
            hashes(handle, findings);
        }
        notifications(handle, findings);
        return findings;
    }

    private void foreignDomains(Handle handle, List<Finding> findings) {
        if (domains.isEmpty()) {
            return;
        }
        Set<String> foreign = new TreeSet<>(handle.createQuery("SELECT DISTINCT domain FROM subscriber LIMIT " + SAMPLE)
                .mapTo(String.class)
                .list());
        Set<String> served = new TreeSet<>(domains);
        if (hasDomainsOfTable && PrivilegeChecks.mayRead(handle, "domain")) {
            served.addAll(handle.createQuery("SELECT lower(domain) FROM domain")
                    .mapTo(String.class)
                    .list());
        }
        boolean all = !foreign.removeAll(served);
        if (foreign.isEmpty()) {
            findings.add(Finding.ok("domain of subscribers", "a domain of the proxy"));
            return;
        }
        List<String> some = foreign.stream().limit(5).toList();
        String value =
                some.stream().map(domain -> '"' + domain + '"').toList() + ", not a domain of the proxy " + served;
        String named = some.stream()
                .filter(domain -> !domain.isEmpty())
                .map(domain -> "--domain " + domain)
                .collect(Collectors.joining(" "));
        String add = remedies.of(
                "add these subscribers again with Subscribers.add",
                "put these subscribers under another domain with add USER@DOMAIN");
        String remedy = (named.isEmpty() ? "" : remedies.of("add the domain to the proxy's", "use " + named) + ", or ")
                + add + ": domain and realm are part of the hash";
        findings.add(
                all
                        ? Finding.fatal("domain of subscribers", value + ", so no user can register", remedy)
                        : Finding.warning("domain of subscribers", value, remedy));
    }

    /**
     * Reports subscribers that differ in case only. If users are case-insensitive, they share an address-of-record, and
     * the proxy accepts only the one in lower case.
     */
    private void spellings(Handle handle, List<Finding> findings) {
        if (userCase == UserCase.SENSITIVE) {
            return;
        }
        List<String> pairs = handle.createQuery(
                        "SELECT string_agg(username, ' and ' ORDER BY username) || ' of ' || domain"
                                + " FROM " + rows + " GROUP BY domain, " + Subscribers.lower("username")
                                + " HAVING count(*) > 1 ORDER BY 1 LIMIT " + SAMPLE)
                .mapTo(String.class)
                .list();
        if (!pairs.isEmpty()) {
            findings.add(Finding.warning(
                    "names of subscribers",
                    (pairs.size() < SAMPLE ? "" : "at least ") + pairs.size() + " differ in case only: "
                            + pairs.stream().limit(5).collect(Collectors.joining(", ")),
                    "remove all but one of each with rm and add it under another name"
                            + remedies.of(
                                    ", or make users case-sensitive (RegistrarPolicy.Builder.userCaseSensitive)", "")
                            + ": only the spelling in lower case can register"));
        }
    }

    private void hashes(Handle handle, List<Finding> findings) {
        long onlyPassword = count(handle, "SELECT count(*) FROM " + rows + " WHERE ha1 = '' AND password <> ''");
        if (onlyPassword > 0 && plainPasswords) {
            findings.add(Finding.ok("ha1", "empty for " + onlyPassword + " with a plain password, which is used"));
        } else if (onlyPassword > 0) {
            findings.add(Finding.warning(
                    "ha1",
                    "empty for " + onlyPassword + " with a plain password",
                    "let the proxy compute it ("
                            + remedies.of("JdbcCredentials.Builder.plainPasswords", "--password-column=password")
                            + "), or set the passwords again with passwd"));
        }
        long nothing =
                count(handle, "SELECT count(*) FROM " + rows + " WHERE ha1 = '' AND ha1b = '' AND password = ''");
        if (nothing > 0) {
            findings.add(Finding.warning(
                    "ha1",
                    "no hash and no password for " + nothing,
                    "set a password with passwd, or remove them with rm"));
        }
        long odd = count(
                handle,
                "SELECT count(*) FROM " + rows + " WHERE ha1 <> '' AND ha1 !~ '^([0-9a-fA-F]{32}|[0-9a-fA-F]{64})$'");
        if (odd > 0) {
            findings.add(Finding.warning(
                    "ha1",
                    "not an MD5 or SHA-256 hash for " + odd,
                    "set the password again; a plain password belongs in column password"));
        }
        long otherRealm = count(
                handle,
                "SELECT count(*) FROM (SELECT * FROM subscriber WHERE password <> '' AND length(ha1) = 32 LIMIT "
                        + SAMPLE
                        + ") s WHERE lower(ha1) <> md5(" + RowText.bytes("username || ':' || domain || ':' || password")
                        + ")");
        if (otherRealm > 0) {
            findings.add(Finding.warning(
                    "ha1",
                    "not the hash of user:domain:password for " + otherRealm + " of the first " + SAMPLE
                            + (plainPasswords ? "; their column password is used" : "; their ha1 is used"),
                    "the realm was not the domain when it was computed, or the password changed; set it again with"
                            + " passwd, or choose the column with "
                            + remedies.of(
                                    "JdbcCredentials.Builder.plainPasswords", "--password-column=password or ha1")));
        }
        long plain = count(handle, "SELECT count(*) FROM " + rows + " WHERE password <> ''");
        if (plain > 0) {
            findings.add(Finding.notice(
                    "plain passwords",
                    "stored for " + plain,
                    "if nothing needs them: UPDATE subscriber SET password = '' and STORE_PLAINTEXT_PW=0 for kamctl"));
        }
    }

    private void notifications(Handle handle, List<Finding> findings) {
        boolean hasTrigger = handle.createQuery(SubscriberChanges.TRIGGER_STATE)
                .mapTo(Boolean.class)
                .one();
        findings.add(
                hasTrigger
                        ? Finding.ok("change notifications", "a trigger notifies the proxies")
                        : Finding.warning(
                                "change notifications",
                                "no trigger, so credentials are cached for one second only",
                                remedies.of("KamailioSchema.addSubscriberNotifications adds it", "db create adds it")));
        boolean unguarded = handle.createQuery("SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute WHERE attrelid ="
                        + " to_regclass('subscriber') AND attname = 'ha1_sha256' AND NOT attisdropped) AND NOT EXISTS (SELECT 1"
                        + " FROM pg_catalog.pg_trigger WHERE tgrelid = to_regclass('subscriber') AND tgname ="
                        + " 'sipproxy_subscriber_sha256' AND tgenabled IN ('O', 'A'))")
                .mapTo(Boolean.class)
                .one();
        if (unguarded) {
            findings.add(Finding.error(
                    "ha1_sha256",
                    "without its trigger, so an old password stays valid after kamctl has changed it",
                    remedies.of(
                            "KamailioSchema.addSha256Column adds the trigger", "db create --sha256 adds the trigger")));
        }
    }

    private static long count(Handle handle, String sql) {
        return handle.createQuery(sql).mapTo(Long.class).one();
    }
}
