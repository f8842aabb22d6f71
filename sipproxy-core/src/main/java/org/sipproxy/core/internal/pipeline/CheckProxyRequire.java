package org.sipproxy.core.internal.pipeline;

import java.util.List;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;

/**
 * Refuses any Proxy-Require option tag (RFC 3261 §16.3 step 5): this proxy does not support an extension that requires
 * one.
 */
final class CheckProxyRequire implements Stage {

    @Override
    public Outcome run(RequestContext context) {
        SipRequest request = context.request();
        if (request.firstHeader(HeaderName.PROXY_REQUIRE) < 0) {
            return Outcome.proceed();
        }
        List<String> tags = request.headers(HeaderName.PROXY_REQUIRE).stream()
                .filter(CheckProxyRequire::isTag)
                .toList();
        if (tags.isEmpty()) {
            return Outcome.proceed();
        }
        return Outcome.respond(
                StatusCode.BAD_EXTENSION,
                StatusCode.reasonPhrase(StatusCode.BAD_EXTENSION),
                "Unsupported: " + String.join(", ", tags));
    }

    /** An empty list does not require anything. */
    private static boolean isTag(String text) {
        return text.chars().anyMatch(c -> c > ' ' && c != ',');
    }
}
