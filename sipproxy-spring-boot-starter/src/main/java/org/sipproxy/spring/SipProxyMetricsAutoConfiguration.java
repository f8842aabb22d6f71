package org.sipproxy.spring;

import io.micrometer.core.instrument.MeterRegistry;
import org.sipproxy.core.SipProxy;
import org.sipproxy.micrometer.SipProxyMetrics;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;

/** Auto-configuration of the metrics in the {@code MeterRegistry} of the application. Needs {@code sipproxy-micrometer}. */
@AutoConfiguration(
        before = SipProxyAutoConfiguration.class,
        afterName = {
            "org.springframework.boot.actuate.autoconfigure.metrics.CompositeMeterRegistryAutoConfiguration",
            "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration"
        })
@ConditionalOnClass({SipProxyMetrics.class, MeterRegistry.class})
@ConditionalOnBean(MeterRegistry.class)
@ConditionalOnProperty(prefix = "sipproxy", name = "enabled", matchIfMissing = true)
@ConditionalOnMissingBean({SipProxy.class, SipProxyMetrics.class})
public class SipProxyMetricsAutoConfiguration {

    /** Creates the configuration. */
    SipProxyMetricsAutoConfiguration() {}

    @Bean
    SipProxyMetrics sipProxyMetrics(MeterRegistry registry) {
        return SipProxyMetrics.of(registry);
    }
}
