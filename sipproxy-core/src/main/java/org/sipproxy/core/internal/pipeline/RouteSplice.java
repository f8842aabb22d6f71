package org.sipproxy.core.internal.pipeline;

import java.util.List;
import org.sipproxy.core.internal.codec.ByteWriter;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.wire.Splice;

/** Edits of a request's Route header lines. */
public final class RouteSplice {

    private RouteSplice() {}

    /** Deletes the first {@code count} elements and keeps the others unchanged. */
    public static void strip(Splice splice, SipRequest request, List<NameAddress> all, int count) {
        if (count == 0) {
            return;
        }
        int keepFrom = count < all.size() ? all.get(count).index().start() : Integer.MAX_VALUE;
        for (int i = request.firstHeader(HeaderName.ROUTE); i >= 0; i = request.nextHeader(HeaderName.ROUTE, i)) {
            if (request.index().valueEnd(i) <= keepFrom) {
                splice.delete(request.index().lineStart(i), request.index().lineEnd(i));
            } else if (request.index().valueStart(i) < keepFrom) {
                splice.delete(request.index().valueStart(i), keepFrom);
            }
        }
    }

    /** Replaces all Route headers by these elements. */
    public static void rewrite(Splice splice, SipRequest request, List<NameAddress> elements) {
        int first = request.firstHeader(HeaderName.ROUTE);
        if (!elements.isEmpty() && first >= 0) {
            ByteWriter line = new ByteWriter(128).text("Route: ");
            for (int i = 0; i < elements.size(); i++) {
                line.text(i == 0 ? "" : ", ").bytes(elements.get(i).toBytes());
            }
            splice.insert(request.index().lineStart(first), line.crlf().toBytes());
        }
        deleteAll(splice, request);
    }

    /** Deletes all Route headers. */
    public static void deleteAll(Splice splice, SipRequest request) {
        for (int i = request.firstHeader(HeaderName.ROUTE); i >= 0; i = request.nextHeader(HeaderName.ROUTE, i)) {
            splice.delete(request.index().lineStart(i), request.index().lineEnd(i));
        }
    }
}
