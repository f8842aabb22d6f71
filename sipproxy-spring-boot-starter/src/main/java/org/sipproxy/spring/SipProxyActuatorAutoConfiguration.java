package org.sipproxy.spring;

import org.sipproxy.core.SipProxy;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.autoconfigure.info.ConditionalOnEnabledInfoContributor;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.info.InfoContributor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Auto-configuration of the health indicator, the info contributor and the endpoint {@code sipproxy}, for any
 * {@link SipProxy} bean. Needs the actuator.
 */
@AutoConfiguration(after = SipProxyAutoConfiguration.class)
@ConditionalOnClass(Endpoint.class)
@ConditionalOnSingleCandidate(SipProxy.class)
public class SipProxyActuatorAutoConfiguration {

    /** Creates the configuration. */
    SipProxyActuatorAutoConfiguration() {}

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
    @ConditionalOnAvailableEndpoint(endpoint = SipProxyEndpoint.class)
    static class EndpointConfiguration {

        @Bean
        @ConditionalOnMissingBean
        SipProxyEndpoint sipProxyEndpoint(SipProxy proxy) {
            return new SipProxyEndpoint(proxy);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass({InfoContributor.class, ConditionalOnEnabledInfoContributor.class})
    @ConditionalOnEnabledInfoContributor("sipproxy")
    static class InfoConfiguration {

        @Bean
        @ConditionalOnMissingBean(name = "sipProxyInfoContributor")
        InfoContributor sipProxyInfoContributor(SipProxy proxy) {
            return info -> info.withDetail("sipproxy", ProxyReport.info(proxy));
        }
    }

    /** Types of Boot 3. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(
            name = {
                "org.springframework.boot.actuate.health.HealthIndicator",
                "org.springframework.boot.actuate.autoconfigure.health.ConditionalOnEnabledHealthIndicator"
            })
    static class Boot3Health {

        @Configuration(proxyBeanMethods = false)
        @org.springframework.boot.actuate.autoconfigure.health.ConditionalOnEnabledHealthIndicator("sipproxy")
        static class Enabled {

            @Bean
            @ConditionalOnMissingBean(name = "sipProxyHealthIndicator")
            org.springframework.boot.actuate.health.HealthIndicator sipProxyHealthIndicator(SipProxy proxy) {
                return () -> {
                    ProxyReport.Health health = ProxyReport.health(proxy);
                    return org.springframework.boot.actuate.health.Health.status(health.status())
                            .withDetails(health.details())
                            .build();
                };
            }
        }
    }

    /** Types of Boot 4. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(
            name = {
                "org.springframework.boot.health.contributor.HealthIndicator",
                "org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator"
            })
    static class Boot4Health {

        @Configuration(proxyBeanMethods = false)
        @org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator("sipproxy")
        static class Enabled {

            @Bean
            @ConditionalOnMissingBean(name = "sipProxyHealthIndicator")
            org.springframework.boot.health.contributor.HealthIndicator sipProxyHealthIndicator(SipProxy proxy) {
                return () -> {
                    ProxyReport.Health health = ProxyReport.health(proxy);
                    return org.springframework.boot.health.contributor.Health.status(health.status())
                            .withDetails(health.details())
                            .build();
                };
            }
        }
    }
}
