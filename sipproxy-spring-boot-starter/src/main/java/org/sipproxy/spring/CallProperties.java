package org.sipproxy.spring;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.CallSettings;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Calls.
 *
 * @param enabled Whether calls are tracked, limited and ended, and SipProxy.calls() lists them. With the storage modes
 *     write-through, write-back and database-only they are tracked again after a restart.
 * @param perUser Calls of one user at a time, 1 to 10000. Default no limit.
 * @param max Calls at a time. Default no limit.
 * @param maxDuration When an answered call is ended, with a BYE to both sides, 10s to 30d.
 * @param keepalive Interval of OPTIONS to both sides of a call, 10s to 1h; a call that one side does not know is ended.
 *     Default none.
 * @param tracked Calls that are tracked at most, 100 to 10000000. Default 100000, or max if that is larger.
 */
@ConfigurationProperties("sipproxy.calls")
record CallProperties(
        @DefaultValue("false") boolean enabled,
        @Nullable Integer perUser,
        @Nullable Integer max,
        @DefaultValue("12h") Duration maxDuration,
        @Nullable Duration keepalive,
        @Nullable Integer tracked) {

    void addTo(SipProxyBuilder builder, Problems problems) {
        if (!enabled) {
            return;
        }
        CallSettings.Builder settings = CallSettings.builder().maxDuration(maxDuration);
        if (tracked != null) {
            settings.trackedCalls(tracked);
        }
        if (perUser != null) {
            settings.maxCallsPerUser(perUser);
        }
        if (max != null) {
            settings.maxCalls(max);
        }
        if (keepalive != null) {
            settings.keepalive(keepalive);
        }
        problems.collect(() -> builder.calls(settings.build()), () -> builder.calls(CallSettings.DEFAULT));
    }
}
