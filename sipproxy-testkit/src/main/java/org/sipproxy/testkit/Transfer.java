package org.sipproxy.testkit;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipRequest;

/**
 * Transfer that a phone has asked the other side of a call for, from {@link Call#transfer} (RFC 3515). The other side
 * reports its progress with NOTIFY.
 */
public final class Transfer {

    private static final Pattern STATUS_LINE = Pattern.compile("SIP/2\\.0 (\\d{3})");

    private final Call call;

    Transfer(Call call) {
        this.call = call;
    }

    /**
     * Waits for the next NOTIFY of the transfer, and returns the status that its {@code message/sipfrag} body reports.
     *
     * @throws AssertionError if the body has no status line
     */
    public int awaitProgress() {
        return status(call.awaitRequest("NOTIFY"));
    }

    /**
     * Waits for the NOTIFY that ends the transfer, and returns the status that it reports: 200 if the call to the
     * target was answered.
     */
    public int awaitEnd() {
        SipRequest notify = call.awaitRequest("NOTIFY");
        while (!notify.header(HeaderName.of("Subscription-State"))
                .orElse("")
                .toLowerCase(Locale.ROOT)
                .startsWith("terminated")) {
            notify = call.awaitRequest("NOTIFY");
        }
        return status(notify);
    }

    private int status(SipRequest notify) {
        Matcher line = STATUS_LINE.matcher(new String(notify.body(), StandardCharsets.UTF_8));
        if (!line.lookingAt()) {
            throw call.core.unexpected("the body of NOTIFY has no status line");
        }
        return Integer.parseInt(line.group(1));
    }
}
