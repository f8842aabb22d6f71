package org.sipproxy.spring;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.sipproxy.security.AccessList;
import org.sipproxy.security.AccessRule;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Kamailio's tables beside subscribers and registrations.
 *
 * @param tables Tables of the DataSource that are used: access (address and trusted), dbaliases, dispatcher, domain and
 *     uacreg. Needs sipproxy-jdbc.
 * @param addressGroup What the groups of table address mean, by number: trust, allow (then all others are refused) or
 *     deny. Default 1=trust; other groups are not used.
 * @param tablesReload How often address, trusted, dispatcher and domain are read again, 1s to 24h; 0 for never. Aliases
 *     are read again after a minute, uacreg when the application starts.
 */
@ConfigurationProperties("sipproxy")
record TableProperties(
        @DefaultValue List<Table> tables,
        @DefaultValue Map<Integer, AccessRule.Action> addressGroup,
        @DefaultValue("5m") Duration tablesReload) {

    /** Tables with one purpose. */
    enum Table {
        /** Access rules in address and trusted. */
        ACCESS,
        /** Aliases of users. */
        DBALIASES,
        /** Sets of gateways. */
        DISPATCHER,
        /** Domains. */
        DOMAIN,
        /** Accounts at providers. */
        UACREG
    }

    boolean use(Table table) {
        return tables.contains(table);
    }

    /** Returns the meaning of groups of addresses, by number. */
    Map<Integer, AccessRule.Action> groups() {
        return addressGroup.isEmpty() ? Map.of(1, AccessRule.Action.TRUST) : addressGroup;
    }

    /** Returns true if a group of addresses is a list of those that may send. */
    boolean allowsOnlyListed() {
        return use(Table.ACCESS) && groups().containsValue(AccessRule.Action.ALLOW);
    }

    /** Adds the access rules of the database. */
    void addTo(AccessList.Builder list, TableSources sources, Problems problems) {
        sources.accessRules().ifPresent(rules -> {
            list.source(rules);
            groups().forEach((number, action) -> problems.collectOf(
                    "sipproxy.address-group." + number, OptionNames.of(action), () -> list.group(number, action)));
        });
    }

    /** Reports what cannot work. */
    void check(boolean hasDatabase, Problems problems) {
        if (!tables.isEmpty() && !hasDatabase) {
            problems.add(
                    "sipproxy.tables",
                    String.join(",", tables.stream().map(OptionNames::of).toList()),
                    "needs a database",
                    "add sipproxy-jdbc and a DataSource (spring.datasource.url)");
        }
        if (!tablesReload.isZero()
                && (tablesReload.compareTo(Duration.ofSeconds(1)) < 0
                        || tablesReload.compareTo(Duration.ofDays(1)) > 0)) {
            problems.add("sipproxy.tables-reload", tablesReload.toString(), "expected 1s to 24h, or 0", "");
        }
    }
}
