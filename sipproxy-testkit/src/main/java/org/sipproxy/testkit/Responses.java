package org.sipproxy.testkit;

import java.util.ArrayList;
import java.util.List;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.StatusCode;

/** Responses of a phone (RFC 3261 §8.2.6, §12.1.1). */
final class Responses {

    private Responses() {}

    static byte[] write(SipRequest request, int status, String toTag, String contact, MessageParts parts) {
        List<HeaderLine> lines = new ArrayList<>();
        copy(request, HeaderName.VIA, lines);
        copy(request, HeaderName.FROM, lines);
        String to = request.header(HeaderName.TO).orElseThrow();
        boolean tagged = to.substring(to.lastIndexOf('>') + 1).contains("tag=");
        String suffix = tagged || status == StatusCode.TRYING ? "" : ";tag=" + toTag;
        lines.add(new HeaderLine(HeaderName.TO, to + suffix));
        copy(request, HeaderName.CALL_ID, lines);
        copy(request, HeaderName.CSEQ, lines);
        if (status > StatusCode.TRYING && status < 300) {
            copy(request, HeaderName.RECORD_ROUTE, lines);
            if (isTargetRefresh(request.method())) {
                lines.add(new HeaderLine(HeaderName.CONTACT, "<" + contact + ">"));
            }
        }
        return parts.write("SIP/2.0 " + status + " " + StatusCode.reasonPhrase(status), lines);
    }

    /** Returns true for requests whose Contact becomes the remote target (RFC 3261 §12.2, RFC 3311, RFC 6665). */
    static boolean isTargetRefresh(Method method) {
        return method.equals(Method.INVITE)
                || method.equals(Method.UPDATE)
                || method.equals(Method.SUBSCRIBE)
                || method.equals(Method.NOTIFY)
                || method.equals(Method.REFER);
    }

    private static void copy(SipRequest request, HeaderName name, List<HeaderLine> to) {
        request.headers(name).forEach(value -> to.add(new HeaderLine(name, value)));
    }

    /** Returns status and reason, such as {@code 486 Busy Here}. */
    static String describe(SipResponse response) {
        return response.statusCode() + " " + response.reasonPhrase();
    }
}
