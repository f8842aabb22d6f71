package org.sipproxy.spring;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.call.CallRepository;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.core.SipProxy;
import org.sipproxy.jdbc.DatabaseUse;
import org.sipproxy.jdbc.DatabaseWait;
import org.sipproxy.jdbc.JdbcAccessRules;
import org.sipproxy.jdbc.JdbcAccounting;
import org.sipproxy.jdbc.JdbcAliases;
import org.sipproxy.jdbc.JdbcBindingRepository;
import org.sipproxy.jdbc.JdbcCallRepository;
import org.sipproxy.jdbc.JdbcCredentials;
import org.sipproxy.jdbc.JdbcDomains;
import org.sipproxy.jdbc.JdbcGateways;
import org.sipproxy.jdbc.JdbcSecret;
import org.sipproxy.jdbc.JdbcTrunks;
import org.sipproxy.jdbc.KamailioSchema;
import org.sipproxy.jdbc.SchemaMismatch;
import org.sipproxy.message.Method;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * Auto-configuration of subscribers, bindings, call records and calls in progress in the {@code DataSource} of the
 * application. Needs {@code sipproxy-jdbc}.
 */
@AutoConfiguration(
        afterName = {
            "org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration",
            "org.springframework.boot.autoconfigure.jdbc.JndiDataSourceAutoConfiguration",
            "org.springframework.boot.autoconfigure.jdbc.XADataSourceAutoConfiguration",
            "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration",
            "org.springframework.boot.jdbc.autoconfigure.JndiDataSourceAutoConfiguration",
            "org.springframework.boot.jdbc.autoconfigure.XADataSourceAutoConfiguration"
        })
@ConditionalOnClass({DataSource.class, JdbcBindingRepository.class})
@ConditionalOnBean(DataSource.class)
@ConditionalOnProperty(prefix = "sipproxy", name = "enabled", matchIfMissing = true)
@ConditionalOnMissingBean(SipProxy.class)
@EnableConfigurationProperties({
    SipProxyProperties.class,
    AccountingProperties.class,
    CallProperties.class,
    DatabaseProperties.class,
    StorageProperties.class,
    TableProperties.class
})
public class SipProxyJdbcAutoConfiguration {

    /** Creates the configuration. */
    SipProxyJdbcAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean
    Problems sipProxyProblems() {
        return new Problems();
    }

    @Bean
    SipDatabase sipDatabase(@SipDataSource ObjectProvider<DataSource> marked, ObjectProvider<DataSource> dataSource) {
        DataSource chosen = marked.getIfAvailable();
        return new SipDatabase(chosen != null ? chosen : dataSource.getObject());
    }

    /** Data source of the proxy. */
    record SipDatabase(DataSource dataSource) {}

    @Bean
    @ConditionalOnMissingBean({CredentialStore.class, Authentication.class})
    @Conditional(NoOtherSubscribers.class)
    JdbcCredentials sipJdbcCredentials(SipDatabase database, DatabaseProperties properties, Problems problems) {
        JdbcCredentials.Builder users = JdbcCredentials.builder(database.dataSource());
        if (properties.passwordColumn() == DatabaseProperties.PasswordColumn.PASSWORD) {
            users.plainPasswords();
        }
        if (properties.sha256Column()) {
            users.sha256Column();
        }
        users.cacheSize(properties.passwordCache())
                .cacheLife(properties.passwordCacheLife())
                .unknownCacheSize(properties.unknownCache())
                .unknownCacheLife(properties.unknownCacheLife())
                .unknownPerSecond(properties.unknownLookups())
                .lookupsAtOnce(properties.lookupsAtOnce())
                .outageGrace(properties.outageGrace());
        return problems.get(
                users::build,
                () -> JdbcCredentials.builder(database.dataSource()).build());
    }

    @Bean
    @ConditionalOnMissingBean(BindingRepository.class)
    @Conditional(StoresBindings.class)
    JdbcBindingRepository sipBindingRepository(
            SipDatabase database,
            DatabaseProperties properties,
            StorageProperties storage,
            SipProxyProperties proxy,
            Problems problems) {
        JdbcBindingRepository.Builder rows = JdbcBindingRepository.builder(database.dataSource())
                .serverId(storage.serverId())
                .statementTimeout(properties.statementTimeout())
                .databaseZone(properties.databaseZone());
        String domain = defaultDomain(properties, proxy, problems);
        if (domain != null) {
            rows.defaultDomain(domain);
        }
        return problems.get(
                rows::build,
                () -> JdbcBindingRepository.builder(database.dataSource()).build());
    }

    private static @Nullable String defaultDomain(
            DatabaseProperties properties, SipProxyProperties proxy, Problems problems) {
        String given = properties.defaultDomain();
        if (given == null) {
            return proxy.domain().size() == 1 ? proxy.domain().get(0) : null;
        }
        if (proxy.domain().stream().noneMatch(given::equalsIgnoreCase)) {
            problems.add(
                    "sipproxy.default-domain",
                    given,
                    "is not a value of sipproxy.domain",
                    "use one of " + String.join(", ", proxy.domain()));
        }
        return given;
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnProperty(prefix = "sipproxy.accounting", name = "enabled")
    JdbcAccounting sipAccounting(
            SipDatabase database, AccountingProperties properties, DatabaseProperties rows, Problems problems) {
        JdbcAccounting.Builder records = JdbcAccounting.builder(database.dataSource())
                .databaseZone(rows.databaseZone())
                .queueCapacity(properties.queue())
                .maxOpenCalls(properties.openCalls())
                .maxCallDuration(properties.maxDuration())
                .missedCalls(properties.tables().contains("missed_calls"))
                .callRecords(properties.tables().contains("acc_cdrs"));
        properties.tables().stream()
                .filter(table -> !List.of("missed_calls", "acc_cdrs", "none").contains(table))
                .forEach(table -> problems.add(
                        "sipproxy.accounting.tables",
                        '"' + table + '"',
                        "expected missed_calls, acc_cdrs or none",
                        ""));
        problems.collectOf(
                "sipproxy.accounting.methods",
                String.join(",", properties.methods()),
                () -> records.methods(methods(properties.methods())));
        problems.collectOf(
                "sipproxy.accounting.failures",
                String.join(",", properties.failures()),
                () -> records.failuresOf(methods(properties.failures())));
        return problems.get(records::build, () -> JdbcAccounting.of(database.dataSource()));
    }

    private static Method[] methods(List<String> names) {
        return names.stream().map(name -> Method.of(name.strip())).toArray(Method[]::new);
    }

    @Bean
    @ConditionalOnMissingBean(CallRepository.class)
    @ConditionalOnProperty(prefix = "sipproxy.calls", name = "enabled")
    @Conditional(KeepsRows.class)
    JdbcCallRepository sipCallRepository(SipDatabase database, StorageProperties storage, Problems problems) {
        return problems.get(
                () -> JdbcCallRepository.builder(database.dataSource())
                        .serverId(storage.serverId())
                        .build(),
                () -> JdbcCallRepository.of(database.dataSource()));
    }

    @Bean
    TableSources sipTables(SipDatabase database, TableProperties tables, ObjectProvider<Uses> uses, Problems problems) {
        DataSource rows = database.dataSource();
        List<ProxyComponent> components = new ArrayList<>();
        Map<String, Runnable> reloads = new HashMap<>();
        if (tables.use(TableProperties.Table.DOMAIN)) {
            JdbcDomains domains = JdbcDomains.of(rows);
            components.add(domains);
            reloads.put("domain", domains::reload);
        }
        if (tables.use(TableProperties.Table.DBALIASES)) {
            components.add(JdbcAliases.of(rows));
        }
        return new TableSources(
                problems,
                () -> uses.getObject().check(),
                tables.use(TableProperties.Table.ACCESS) ? JdbcAccessRules.of(rows) : null,
                tables.use(TableProperties.Table.DISPATCHER) ? JdbcGateways.of(rows) : null,
                tables.use(TableProperties.Table.UACREG) ? JdbcTrunks.of(rows)::read : null,
                components,
                reloads);
    }

    /** Creates or checks the tables before anything reads them; then the secret is that of the database. */
    @Bean
    @ConditionalOnMissingBean
    ProxyAssembly.SecretSource sipDatabaseSecret(
            SipDatabase database,
            SipProxyProperties properties,
            StorageProperties storage,
            ObjectProvider<Uses> uses,
            Problems problems) {
        return () -> {
            Set<DatabaseUse> used = uses.getObject().used();
            if (used.isEmpty() || !storage.storage().keepsRows() || properties.secret() != null) {
                return Optional.empty();
            }
            uses.getObject().check();
            try {
                return Optional.of(JdbcSecret.readOrCreate(database.dataSource()));
            } catch (RuntimeException e) {
                problems.add(
                        "sipproxy.storage",
                        OptionNames.of(storage.storage()),
                        "needs the secret of the database, which cannot be read: " + e.getMessage(),
                        "check the rights of its user, or set sipproxy.secret");
                return Optional.empty();
            }
        };
    }

    @Bean
    SipProxyAutoConfiguration.BeforeStart sipSchemaCheck(Uses uses) {
        return uses::check;
    }

    @Bean
    Uses sipDatabaseUses(
            SipDatabase database,
            StorageProperties storage,
            DatabaseProperties rows,
            ObjectProvider<JdbcCredentials> users,
            ObjectProvider<JdbcBindingRepository> bindings,
            ObjectProvider<JdbcAccounting> accounting,
            ObjectProvider<JdbcCallRepository> calls,
            TableProperties tables) {
        return new Uses(database.dataSource(), storage, rows.databaseWait(), () -> {
            Set<DatabaseUse> used = EnumSet.noneOf(DatabaseUse.class);
            users.stream().forEach(any -> used.add(DatabaseUse.SUBSCRIBERS));
            bindings.stream()
                    .forEach(any -> used.add(
                            switch (storage.storage()) {
                                case DATABASE_ONLY -> DatabaseUse.SHARE_BINDINGS;
                                case LOAD_AT_START -> DatabaseUse.LOAD_BINDINGS;
                                default -> DatabaseUse.KEEP_BINDINGS;
                            }));
            accounting.stream().forEach(any -> used.add(DatabaseUse.ACCOUNTING));
            calls.stream().forEach(any -> used.add(DatabaseUse.CALLS));
            tables.tables().forEach(table -> used.add(useOf(table)));
            return used;
        });
    }

    private static DatabaseUse useOf(TableProperties.Table table) {
        return switch (table) {
            case ACCESS -> DatabaseUse.ACCESS_RULES;
            case DBALIASES -> DatabaseUse.ALIASES;
            case DISPATCHER -> DatabaseUse.GATEWAYS;
            case DOMAIN -> DatabaseUse.DOMAINS;
            case UACREG -> DatabaseUse.TRUNKS;
        };
    }

    /** Uses of the database, and their tables. */
    static final class Uses {

        private final DataSource dataSource;
        private final StorageProperties storage;
        private final @Nullable Duration wait;
        private final Supplier<Set<DatabaseUse>> used;
        private boolean checked;

        Uses(
                DataSource dataSource,
                StorageProperties storage,
                @Nullable Duration wait,
                Supplier<Set<DatabaseUse>> used) {
            this.dataSource = dataSource;
            this.storage = storage;
            this.wait = wait;
            this.used = used;
        }

        Set<DatabaseUse> used() {
            return used.get();
        }

        /** Creates the missing tables if that is configured. Fails if one is missing that is needed. */
        synchronized void check() {
            if (checked || used().isEmpty()) {
                return;
            }
            await();
            KamailioSchema schema = KamailioSchema.on(dataSource);
            List<SchemaMismatch> mismatches;
            try {
                if (storage.initializeSchema()) {
                    schema.createAll();
                }
                mismatches = schema.verify();
            } catch (RuntimeException e) {
                Problems problems = new Problems();
                problems.add(
                        used().contains(DatabaseUse.SUBSCRIBERS)
                                        && !storage.storage().keepsRows()
                                ? "sipproxy.subscriber"
                                : "sipproxy.storage",
                        "",
                        "needs the database, which does not respond: " + e.getMessage(),
                        "check spring.datasource.url, its user and that the server runs");
                throw new InvalidSipPropertiesException(problems.found(), e);
            }
            checked = true;
            Set<String> needed = used().stream().flatMap(Uses::tables).collect(Collectors.toSet());
            Problems problems = new Problems();
            for (SchemaMismatch mismatch : mismatches) {
                if (needed.contains(mismatch.table())) {
                    problems.add(
                            property(mismatch.table()),
                            "",
                            mismatch.isMissing()
                                    ? "needs the table " + mismatch.table() + ", which the database does not have"
                                    : "needs another table " + mismatch.table() + ": it has " + mismatch.found()
                                            + ", not " + mismatch.wanted(),
                            mismatch.isMissing()
                                    ? "set sipproxy.initialize-schema=true, or create it with"
                                            + " KamailioSchema.on(dataSource).createAll() or with: java -jar sipproxy.jar"
                                            + " db create"
                                    : "migrate it with the scripts of your Kamailio release");
                }
            }
            problems.throwIfAny();
        }

        private void await() {
            if (wait == null) {
                return;
            }
            try {
                DatabaseWait.untilReachable(dataSource, wait);
            } catch (IllegalArgumentException e) {
                Problems problems = new Problems();
                problems.add("sipproxy.database-wait", wait.toString(), "expected 0s to 10m", "");
                throw new InvalidSipPropertiesException(problems.found(), e);
            }
        }

        private static Stream<String> tables(DatabaseUse use) {
            return switch (use) {
                case SUBSCRIBERS -> Stream.of("version", "subscriber");
                case LOAD_BINDINGS -> Stream.of("location");
                case KEEP_BINDINGS, SHARE_BINDINGS -> Stream.of("location", JdbcSecret.TABLE);
                case ACCOUNTING -> Stream.of("acc", "missed_calls", "acc_cdrs");
                case CALLS -> Stream.of("sipproxy_call");
                case ACCESS_RULES -> Stream.of("address", "trusted");
                case ALIASES -> Stream.of("dbaliases");
                case DOMAINS -> Stream.of("domain");
                case GATEWAYS -> Stream.of("dispatcher");
                case TRUNKS -> Stream.of("uacreg");
            };
        }

        private static String property(String table) {
            return switch (table) {
                case "location", JdbcSecret.TABLE -> "sipproxy.storage";
                case "acc", "missed_calls", "acc_cdrs" -> "sipproxy.accounting.enabled";
                case "sipproxy_call" -> "sipproxy.calls.enabled";
                case "address", "trusted", "dbaliases", "domain", "dispatcher", "uacreg" -> "sipproxy.tables";
                default -> "sipproxy.subscriber";
            };
        }
    }

    /** True if the subscribers are neither properties nor unnecessary. */
    static final class NoOtherSubscribers extends SpringBootCondition {

        @Override
        public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
            Binder binder = Binder.get(context.getEnvironment());
            boolean given = binder.bind("sipproxy.subscriber", Bindable.listOf(String.class))
                            .map(list -> !list.isEmpty())
                            .orElse(false)
                    || binder.bind("sipproxy.no-auth", Boolean.class).orElse(false);
            return new ConditionOutcome(
                    !given,
                    ConditionMessage.of("sipproxy.subscriber or sipproxy.no-auth " + (given ? "set" : "not set")));
        }
    }

    private static ConditionOutcome outcome(ConditionContext context, boolean keeps) {
        StorageProperties.Mode mode = Binder.get(context.getEnvironment())
                .bind("sipproxy.storage", StorageProperties.Mode.class)
                .orElse(StorageProperties.Mode.MEMORY);
        boolean matches = keeps ? mode.keepsRows() : mode != StorageProperties.Mode.MEMORY;
        return new ConditionOutcome(matches, ConditionMessage.of("sipproxy.storage is " + OptionNames.of(mode)));
    }

    /** True if bindings are read from the database. */
    static final class StoresBindings extends SpringBootCondition {

        @Override
        public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
            return outcome(context, false);
        }
    }

    /** True if bindings are written to the database. */
    static final class KeepsRows extends SpringBootCondition {

        @Override
        public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
            return outcome(context, true);
        }
    }
}
