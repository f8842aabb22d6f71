package org.sipproxy.spring;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.SipProxy;
import org.sipproxy.gateway.SourceMatch;
import org.sipproxy.message.SipUri;
import org.sipproxy.nat.NatTraversal;
import org.sipproxy.security.AccessList;
import org.sipproxy.security.AuditLog;
import org.sipproxy.security.CidrBlock;
import org.sipproxy.security.FloodGuard;
import org.sipproxy.security.IdentityHeaders;
import org.sipproxy.security.InMemoryCredentials;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * Auto-configuration of a {@link SipProxy} of the properties {@code sipproxy.*} and of beans. Not used with
 * {@code sipproxy.enabled=false}, and not if the application has a {@code SipProxy} bean, which it then starts and
 * closes itself.
 */
@AutoConfiguration(after = SipProxyJdbcAutoConfiguration.class)
@ConditionalOnProperty(prefix = "sipproxy", name = "enabled", matchIfMissing = true)
@ConditionalOnMissingBean(SipProxy.class)
@EnableConfigurationProperties({
    SipProxyProperties.class,
    AccessProperties.class,
    CallProperties.class,
    DigestProperties.class,
    FloodProperties.class,
    GatewayProperties.class,
    LimitProperties.class,
    LockoutProperties.class,
    NatProperties.class,
    RegistrarProperties.class,
    StorageProperties.class,
    TableProperties.class,
    TimerProperties.class,
    TlsProperties.class
})
public class SipProxyAutoConfiguration {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.PROXY);

    /** Creates the configuration. */
    SipProxyAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean
    Problems sipProxyProblems() {
        return new Problems();
    }

    @Bean
    @ConditionalOnMissingBean
    AccessList sipAccessList(
            AccessProperties properties,
            TableProperties tables,
            ObjectProvider<TableSources> sources,
            Problems problems) {
        return properties.accessList(tables, sources.getIfAvailable(() -> TableSources.NONE), problems);
    }

    @Bean
    @ConditionalOnMissingBean
    FloodGuard sipFloodGuard(
            FloodProperties properties,
            AccessProperties access,
            GatewayProperties gateways,
            ObjectProvider<TableSources> tables,
            Problems problems) {
        return properties.component(exempt(access, gateways, tables, problems), problems);
    }

    @Bean
    @ConditionalOnMissingBean
    IdentityHeaders sipIdentityHeaders(
            AccessProperties access,
            GatewayProperties gateways,
            ObjectProvider<TableSources> tables,
            Problems problems) {
        return IdentityHeaders.trusting(
                exempt(access, gateways, tables, problems).toArray(new CidrBlock[0]));
    }

    /** Returns the elements of the network that are trusted. */
    private static List<CidrBlock> exempt(
            AccessProperties access,
            GatewayProperties gateways,
            ObjectProvider<TableSources> tables,
            Problems problems) {
        List<CidrBlock> exempt = new ArrayList<>(access.trustedNetworks(problems));
        List<SipUri> peers = new ArrayList<>(gateways.peers());
        tables.ifAvailable(rows -> peers.addAll(rows.peers(gateways.gatewayTrust() == SourceMatch.ADDRESS)));
        peers.forEach(peer -> peer.numericHost().map(CidrBlock::of).ifPresent(exempt::add));
        return exempt;
    }

    @Bean
    @ConditionalOnMissingBean
    AuditLog sipAuditLog() {
        return new AuditLog();
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnProperty(prefix = "sipproxy.nat", name = "enabled")
    NatTraversal sipNatTraversal(NatProperties properties, Problems problems) {
        return properties.component(problems);
    }

    @Bean
    @ConditionalOnMissingBean({CredentialStore.class, Authentication.class})
    @ConditionalOnProperty(prefix = "sipproxy", name = "no-auth", havingValue = "false", matchIfMissing = true)
    InMemoryCredentials sipCredentials(
            SipProxyProperties properties, RegistrarProperties registrar, Problems problems) {
        InMemoryCredentials users =
                registrar.userCaseSensitive() ? InMemoryCredentials.caseSensitive() : InMemoryCredentials.of();
        List<NamedSubscriber> named = NamedSubscriber.read(properties.subscriber(), problems);
        if (properties.subscriber().isEmpty()) {
            problems.add(
                    "sipproxy.subscriber",
                    "",
                    "is missing, so no user could register",
                    "add USER:PASSWORD for each user, or a CredentialStore bean; or sipproxy-jdbc with a DataSource for"
                            + " those of its table subscriber; or sipproxy.no-auth=true to let any user register"
                            + " without a password");
        }
        for (String domain : properties.domain()) {
            for (NamedSubscriber one : named) {
                problems.collectOf(
                        "sipproxy.subscriber",
                        one.user(),
                        () -> users.put(
                                Credential.ofPassword(one.user(), domain.toLowerCase(Locale.ROOT), one.password())));
            }
        }
        return users;
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnProperty(prefix = "sipproxy", name = "no-auth", havingValue = "false", matchIfMissing = true)
    Authentication sipAuthentication(
            DigestProperties properties, LockoutProperties lockout, CredentialStore users, Problems problems) {
        return properties.authentication(users, lockout, problems);
    }

    @Bean
    ProxyAssembly sipProxyAssembly(
            SipProxyProperties properties, OptionProperties options, ProxyBeans beans, Problems problems) {
        return new ProxyAssembly(properties, options, beans, problems);
    }

    @Bean
    SipProxy sipProxy(
            ProxyAssembly assembly,
            ConfigurableEnvironment environment,
            ObjectProvider<SipProxyCustomizer> customizers) {
        UnknownProperties.in(environment).forEach(line -> LOG.warn("{}", line));
        return assembly.build(customizers.orderedStream().toList());
    }

    @Bean
    OptionProperties sipProxyOptions(
            AccessProperties access,
            CallProperties calls,
            GatewayProperties gateways,
            LimitProperties limits,
            RegistrarProperties registrar,
            StorageProperties storage,
            TableProperties tables,
            TimerProperties timers,
            TlsProperties tls) {
        return new OptionProperties(access, calls, gateways, limits, registrar, storage, tables, timers, tls);
    }

    @Bean
    ProxyBeans sipProxyBeans(ConfigurableListableBeanFactory beans) {
        return new ProxyBeans(beans);
    }

    @Bean
    SipProxyLifecycle sipProxyLifecycle(
            SipProxy proxy, ProxyAssembly assembly, SipProxyProperties properties, ObjectProvider<BeforeStart> checks) {
        return new SipProxyLifecycle(
                proxy,
                () -> checks.orderedStream().forEach(BeforeStart::run),
                assembly::onStarted,
                properties.callDrainTime());
    }

    /** Check that runs before the proxy starts, and may fail. */
    interface BeforeStart {

        void run();
    }
}
