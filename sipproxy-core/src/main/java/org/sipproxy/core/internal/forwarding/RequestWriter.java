package org.sipproxy.core.internal.forwarding;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.codec.ByteWriter;
import org.sipproxy.core.internal.codec.FlowTokens;
import org.sipproxy.core.internal.codec.PeerHops;
import org.sipproxy.core.internal.codec.RouteSignature;
import org.sipproxy.core.internal.codec.ViaStamp;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.pipeline.RouteSplice;
import org.sipproxy.core.internal.transaction.Branches;
import org.sipproxy.core.internal.transport.SentBy;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.wire.MessageIndex;
import org.sipproxy.message.wire.Splice;

/**
 * Writer of the forwarded request (RFC 3261 §16.6 steps 1 to 9), as one splice of the received bytes: adds this proxy's
 * Via and Record-Route, changes Request-URI, Max-Forwards and Route, and keeps everything else unchanged.
 */
final class RequestWriter {

    private static final byte[] RECORD_ROUTE = ascii("Record-Route: <");
    private static final byte[] R2 = ascii(";r2=on");
    private static final byte[] LR = ascii(";lr");
    private static final byte[] NO_TOKEN = {};
    private static final byte[] END = ascii(">\r\n");
    private static final byte[] CRLF = ascii("\r\n");
    private static final byte[] ADDED_MAX_FORWARDS = ascii("Max-Forwards: 70\r\n");
    private static final byte[] ADDED_MAX_BREADTH = ascii("Max-Breadth: " + RequestForwarder.MAX_BREADTH + "\r\n");
    private static final byte[] DECREMENTED_70 = ascii("69");
    /** The value that most clients send (§8.1.1.6). */
    private static final int INITIAL_MAX_FORWARDS = 70;

    private final Branches branches;
    private final RouteSignature signature;
    private final FlowTokens tokens;
    private final SideUsers users;
    private final HopCredentials credentials;
    /** Null if this proxy is not in a cluster. */
    private final @Nullable PeerHops peers;

    RequestWriter(
            Branches branches,
            RouteSignature signature,
            FlowTokens tokens,
            SideUsers users,
            HopCredentials credentials,
            @Nullable PeerHops peers) {
        this.branches = branches;
        this.signature = signature;
        this.tokens = tokens;
        this.users = users;
        this.credentials = credentials;
        this.peers = peers;
    }

    private static byte[] ascii(String s) {
        return s.getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Returns the URI that decides the next hop (§16.6 step 7): the topmost remaining Route, otherwise the Request-URI.
     * If the request is for a sips URI, the scheme becomes sips, because each hop must then be TLS (§26.2.2).
     */
    static SipUri nextHopUri(RequestContext context, Target target) throws SipParseException {
        SipUri uri = writtenHopUri(context, target);
        return uri.isSip() && !uri.isSecure() && isSecured(context, target) ? secured(uri) : uri;
    }

    /** Returns true if TLS is required. */
    static boolean isSecured(RequestContext context, Target target) throws SipParseException {
        return target.uri().isSecure() || context.isSecured();
    }

    private static SipUri secured(SipUri uri) throws SipParseException {
        return SipUri.parse("sips" + uri.toString().substring("sip".length()));
    }

    static SipUri writtenHopUri(RequestContext context, Target target) throws SipParseException {
        if (!target.routes().isEmpty()) {
            return target.routes().get(0);
        }
        List<NameAddress> routes = context.remainingRoutes();
        return routes.isEmpty() ? target.uri() : routes.get(0).uri();
    }

    /**
     * Returns the request for one branch. A request of the host application does not have a Via or Max-Forwards yet; it
     * gets no Record-Route, because this proxy is its client. An INVITE by which the proxy calls a user itself gets one
     * nevertheless, so that requests to that user later find the same flow as those of another caller.
     *
     * @param way the flow over which it is sent
     * @param branch the client transaction's number
     * @param breadth the branch's Max-Breadth
     */
    byte[] write(RequestContext context, Target target, TransportFlow way, long branch, long loopHash, int breadth)
            throws SipParseException {
        SentBy out = way.advertised();
        SipRequest request = context.request();
        MessageIndex wire = request.index();
        Splice splice = new Splice();

        SipUri strictHop = strictHop(context, target);
        SipUri uri = strictHop != null ? strictHop : target.uri();
        if (!uri.equals(request.requestUri())) {
            splice.replace(request.index().uriStart(), request.index().uriEnd(), uri.toBytes());
        }
        boolean own = context.isFromHost();
        int via = own ? 0 : request.firstHeader(HeaderName.VIA);
        ByteWriter head = new ByteWriter(256);
        head.bytes(out.via());
        branches.write(head, branch, loopHash);
        head.bytes(CRLF);
        String contact = context.ownContact();
        boolean recordsRoute = own
                ? contact != null && request.method() == Method.INVITE && !request.hasToTag()
                : recordsRoute(request);
        int recordRoute = recordsRoute ? request.firstHeader(HeaderName.RECORD_ROUTE) : -1;
        if (recordsRoute && (recordRoute < 0 || recordRoute > via)) {
            recordRoute(head, context, target, uri, way);
            recordRoute = -1;
        }
        if (contact != null) {
            head.bytes(out.contact(contact, isSecured(context, target)));
        }
        if (request.firstHeader(HeaderName.MAX_FORWARDS) < 0) {
            head.bytes(ADDED_MAX_FORWARDS);
        }
        maxBreadth(splice, head, request, breadth);
        head.insertInto(splice, request.index().lineStart(via));
        if (!own) {
            ViaStamp.of(
                            wire,
                            request.topVia(),
                            context.flow().remoteAddress(),
                            context.flow().kind().isReliable())
                    .addTo(splice);
        }
        if (recordRoute >= 0) {
            ByteWriter lines = new ByteWriter(128);
            recordRoute(lines, context, target, uri, way);
            lines.insertInto(splice, request.index().lineStart(recordRoute));
        }
        maxForwards(splice, request, context.maxForwards());
        routes(splice, context, target, strictHop, request.index().lineStart(via));
        credentials.remove(splice, context);
        contentLength(splice, request, out);
        return wire.apply(splice);
    }

    /**
     * Returns true for requests that create a dialog (§16.6 step 4); in a dialog the Route set is fixed. A NOTIFY looks
     * like an in-dialog request, but creates the dialog if it arrives before the response to its SUBSCRIBE (RFC 6665
     * §4.3).
     */
    private static boolean recordsRoute(SipRequest request) throws SipParseException {
        Method method = request.method();
        return method == Method.NOTIFY
                || ((method == Method.INVITE || method == Method.SUBSCRIBE || method == Method.REFER)
                        && !request.hasToTag());
    }

    /**
     * Adds one header, or two if the message changes its transport or interface here (RFC 5658 §6). Two are also added
     * if one side of the call is reached over the connection that it opened, or if From or To does not name its user:
     * that side's URI then carries the connection or the user.
     */
    private void recordRoute(ByteWriter text, RequestContext context, Target target, SipUri uri, TransportFlow way)
            throws SipParseException {
        SipRequest request = context.request();
        boolean own = context.isFromHost();
        TransportFlow came = own ? way : context.flow();
        SentBy in = came.advertised();
        SentBy out = way.advertised();
        String dialog = context.dialog().signature();
        byte[] signed = dialog != null
                ? RouteSignature.again(dialog)
                : signature.parameter(request, context.receivedAtMillis(), came, way);
        byte[] mark = peers != null && context.isCountedElsewhere() ? peers.mark(signed) : NO_TOKEN;
        boolean secured = uri.isSecure() || context.isSecured(); // §16.6 step 4
        boolean direct = !own && came.kind().isReliable() && isOfItsSender(request);
        byte[] tokenIn = came.isPeerInitiated() && direct ? token(came, signed) : NO_TOKEN;
        byte[] tokenOut = way.isPeerInitiated() ? token(way, signed) : NO_TOKEN;
        byte[] userIn = direct ? users.ofCaller(context, came, signed) : NO_TOKEN;
        byte[] userOut = users.ofCallee(context, target, way, signed);
        if (in == out && tokenIn.length + tokenOut.length + userIn.length + userOut.length == 0) {
            text.bytes(RECORD_ROUTE)
                    .bytes(secured ? out.secureUri() : out.uri())
                    .bytes(LR)
                    .bytes(signed)
                    .bytes(mark)
                    .bytes(END);
        } else {
            text.bytes(RECORD_ROUTE)
                    .bytes(secured ? out.secureUri() : out.uri())
                    .bytes(R2)
                    .bytes(LR)
                    .bytes(signed)
                    .bytes(mark)
                    .bytes(tokenOut)
                    .bytes(userOut)
                    .bytes(END);
            text.bytes(RECORD_ROUTE)
                    .bytes(secured ? in.secureUri() : in.uri())
                    .bytes(R2)
                    .bytes(LR)
                    .bytes(signed)
                    .bytes(mark)
                    .bytes(tokenIn)
                    .bytes(userIn)
                    .bytes(END);
        }
    }

    private byte[] token(TransportFlow flow, byte[] signed) {
        return tokens.parameter(flow.connectionId().orElseThrow(), signed);
    }

    /** With two Vias the peer is a proxy; it record-routed if it wants to stay in the dialog. */
    private static boolean isOfItsSender(SipRequest request) throws SipParseException {
        int line = request.firstHeader(HeaderName.VIA);
        return request.nextHeader(HeaderName.VIA, line) < 0
                && request.topVia().index().end() >= request.index().valueEnd(line);
    }

    private static void maxForwards(Splice splice, SipRequest request, long value) {
        int line = request.firstHeader(HeaderName.MAX_FORWARDS);
        if (line >= 0) {
            byte[] text = value == INITIAL_MAX_FORWARDS ? DECREMENTED_70 : ascii(Long.toString(Math.max(value - 1, 0)));
            splice.replace(request.index().valueStart(line), request.index().valueEnd(line), text);
        }
    }

    /** RFC 5393 §5.3.3: every forwarded request has exactly one Max-Breadth. */
    private static void maxBreadth(Splice splice, ByteWriter head, SipRequest request, int value) {
        int line = request.firstHeader(HeaderName.MAX_BREADTH);
        if (line < 0) {
            head.bytes(
                    value == RequestForwarder.MAX_BREADTH
                            ? ADDED_MAX_BREADTH
                            : ascii("Max-Breadth: " + value + "\r\n"));
            return;
        }
        splice.replace(
                request.index().valueStart(line), request.index().valueEnd(line), ascii(Integer.toString(value)));
        for (int i = request.nextHeader(HeaderName.MAX_BREADTH, line);
                i >= 0;
                i = request.nextHeader(HeaderName.MAX_BREADTH, i)) {
            splice.delete(request.index().lineStart(i), request.index().lineEnd(i));
        }
    }

    /**
     * Returns the first hop if it is a strict router, which must get its own URI as the Request-URI (§16.6 step 6);
     * otherwise null.
     */
    private static @Nullable SipUri strictHop(RequestContext context, Target target) throws SipParseException {
        if (target.routes().isEmpty() && context.remainingRoutes().isEmpty()) {
            return null;
        }
        SipUri hop = writtenHopUri(context, target);
        return hop.hasParameter("lr") ? null : hop;
    }

    private void routes(
            Splice splice, RequestContext context, Target target, @Nullable SipUri strictHop, int noRouteYet)
            throws SipParseException {
        SipRequest request = context.request();
        if (target.routes().isEmpty() && strictHop == null) {
            RouteSplice.strip(splice, request, context.routes(), context.strippedRoutes());
            return;
        }
        ByteWriter line = new ByteWriter(256);
        long now = context.wallClock().toEpochMilli();
        boolean skip = strictHop != null; // the strict router's own element is in the Request-URI
        for (SipUri uri : target.routes()) {
            if (!skip) {
                appendUri(line, peers != null && peers.isOfOther(uri) ? peers.signed(uri, request, now) : uri);
            }
            skip = false;
        }
        for (NameAddress route : context.remainingRoutes()) {
            if (!skip) {
                append(line).bytes(route.toBytes());
            }
            skip = false;
        }
        if (strictHop != null) {
            appendUri(line, target.uri());
        }
        int at = request.firstHeader(HeaderName.ROUTE);
        splice.insert(
                at >= 0 ? request.index().lineStart(at) : noRouteYet,
                line.crlf().toBytes());
        RouteSplice.deleteAll(splice, request);
    }

    private static void appendUri(ByteWriter line, SipUri uri) {
        append(line).ascii('<').bytes(uri.toBytes()).ascii('>');
    }

    private static ByteWriter append(ByteWriter line) {
        return line.text(line.length() == 0 ? "Route: " : ", ");
    }

    /** §16.6 step 9: required over a stream. */
    private static void contentLength(Splice splice, SipRequest request, SentBy out) {
        if (out.kind().isReliable() && request.firstHeader(HeaderName.CONTENT_LENGTH) < 0) {
            splice.insert(request.index().headersEnd(), "Content-Length: " + request.bodyLength() + "\r\n");
        }
    }
}
