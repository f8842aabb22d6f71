package org.sipproxy.core.internal.thirdparty;

import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipRequest;

/**
 * Dialog that a Replaces header names (RFC 3891 §6.1), as the recipient of the INVITE sees it: the To tag is its own.
 *
 * @param more further parameters, such as {@code ;early-only}; empty for none
 */
record ReplacedDialog(String callId, String toTag, String fromTag, String more) {

    static final HeaderName REPLACES = HeaderName.of("Replaces");

    private static final String TO_TAG = "to-tag=";
    private static final String FROM_TAG = "from-tag=";

    /** Returns the dialog that the request names; null if it names none, or in a malformed header. */
    static @Nullable ReplacedDialog of(SipRequest request) {
        String value = request.header(REPLACES).orElse("");
        int end = value.indexOf(';');
        if (end < 0) {
            return null;
        }
        String toTag = "";
        String fromTag = "";
        StringBuilder more = new StringBuilder();
        for (String element : value.substring(end + 1).split(";", -1)) {
            String parameter = element.strip();
            String lower = parameter.toLowerCase(Locale.ROOT);
            if (lower.startsWith(TO_TAG)) {
                toTag = parameter.substring(TO_TAG.length());
            } else if (lower.startsWith(FROM_TAG)) {
                fromTag = parameter.substring(FROM_TAG.length());
            } else {
                more.append(';').append(parameter);
            }
        }
        return new ReplacedDialog(value.substring(0, end).strip(), toTag, fromTag, more.toString());
    }

    /** Returns the value of the header for another dialog. */
    String value(String otherCallId, String otherToTag, String otherFromTag) {
        return otherCallId + ";" + TO_TAG + otherToTag + ";" + FROM_TAG + otherFromTag + more;
    }
}
