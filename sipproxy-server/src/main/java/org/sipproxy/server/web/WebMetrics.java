package org.sipproxy.server.web;

import com.zaxxer.hikari.HikariDataSource;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import javax.sql.DataSource;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.micrometer.SipProxyMetrics;

/** Metrics of the server in Prometheus' text format: of the proxy, of the JVM, and of the database pool. */
public final class WebMetrics {

    /** Buckets of the timers of which a dashboard shows percentiles. */
    private static final Map<String, double[]> BUCKETS = Map.of(
            "sip.proxy.calls.setup", seconds(0.2, 0.5, 1, 2, 5, 10, 20, 40, 90),
            "sip.proxy.calls.duration", seconds(5, 15, 60, 180, 600, 1_800, 3_600, 14_400),
            "sip.proxy.database", seconds(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5));

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics garbageCollection = new JvmGcMetrics();

    private static double[] seconds(double... limits) {
        return DoubleStream.of(limits).map(limit -> limit * 1e9).toArray();
    }

    /** Adds the metrics of a proxy that is going to be built. */
    public void addTo(SipProxyBuilder builder) {
        registry.config().meterFilter(new MeterFilter() {
            @Override
            public DistributionStatisticConfig configure(Meter.Id id, DistributionStatisticConfig config) {
                double[] buckets = BUCKETS.get(id.getName());
                return buckets == null
                        ? config
                        : DistributionStatisticConfig.builder()
                                .serviceLevelObjectives(buckets)
                                .expiry(Duration.ofMinutes(2))
                                .build()
                                .merge(config);
            }
        });
        List.of(
                        new ClassLoaderMetrics(),
                        new JvmMemoryMetrics(),
                        new JvmThreadMetrics(),
                        new ProcessorMetrics(),
                        new FileDescriptorMetrics(),
                        new UptimeMetrics())
                .forEach(binder -> binder.bindTo(registry));
        garbageCollection.bindTo(registry);
        builder.component(SipProxyMetrics.of(registry));
    }

    /** Adds the metrics of the database's connection pool. */
    public void addPool(DataSource pool) {
        if (pool instanceof HikariDataSource hikari) {
            hikari.setMetricRegistry(registry);
        }
    }

    /** Adds {@code /metrics}. */
    public void addTo(WebRoutes routes) {
        routes.add("/metrics", request -> WebResponse.of(200, "text/plain; version=0.0.4", registry.scrape()));
    }
}
