package org.sipproxy.core.internal.registrar;

import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.LocationEvent;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.location.RemovalReason;
import org.sipproxy.message.SipUri;
import org.slf4j.Logger;

/**
 * Log with one line for each binding that is added, removed or leads elsewhere. Scripts parse these lines, so their
 * format is kept:
 *
 * <pre>
 * REGISTERED aor=&lt;sip:1001@sip.test&gt; contact=&lt;sip:1001@192.0.2.7:5060&gt; expires=3600
 * UNREGISTERED aor=&lt;sip:1001@sip.test&gt; contact=&lt;sip:1001@192.0.2.7:5060&gt; reason=EXPIRED
 * </pre>
 *
 * <p>Lines cannot be forged: neither URI contains white space or a closing bracket, whatever the peer sent, and
 * characters above ASCII are escaped. Removals are reported by the store, which knows all of them.
 */
final class RegistrationLog implements LocationListener {

    private static final String REGISTERED = "REGISTERED aor=<{}> contact=<{}> expires={}";

    private final Logger log;

    RegistrationLog(Logger log) {
        this.log = log;
    }

    /** Logs a registration. {@code news} is false for a refresh, which is logged at DEBUG. */
    void registered(Aor aor, Binding binding, boolean news, long nowMillis) {
        if (news && log.isInfoEnabled()) {
            log.info(REGISTERED, aor, ascii(binding.contact()), binding.remainingSeconds(nowMillis));
        } else if (!news && log.isDebugEnabled()) {
            log.debug(REGISTERED, aor, ascii(binding.contact()), binding.remainingSeconds(nowMillis));
        }
    }

    @Override
    public boolean wants(LocationEvent.Kind kind) {
        return kind == LocationEvent.Kind.REMOVED;
    }

    @Override
    public void onChange(LocationEvent event) {
        if (log.isInfoEnabled()) {
            RemovalReason reason = event.removal().orElse(RemovalReason.ADMIN);
            log.info(
                    "UNREGISTERED aor=<{}> contact=<{}> reason={}",
                    event.aor(),
                    ascii(event.binding().contact()),
                    reason);
        }
    }

    private static String ascii(SipUri uri) {
        byte[] bytes = uri.toBytes();
        StringBuilder out = new StringBuilder(bytes.length + 16);
        for (byte b : bytes) {
            if (b > 0) {
                out.append((char) b);
            } else {
                out.append('%').append(Character.forDigit(b >> 4 & 15, 16)).append(Character.forDigit(b & 15, 16));
            }
        }
        return out.toString();
    }
}
