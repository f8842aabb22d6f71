package org.sipproxy.message.jain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import javax.sip.SipFactory;
import javax.sip.address.AddressFactory;
import javax.sip.address.SipURI;
import javax.sip.header.AcceptHeader;
import javax.sip.header.CSeqHeader;
import javax.sip.header.ContactHeader;
import javax.sip.header.FromHeader;
import javax.sip.header.Header;
import javax.sip.header.HeaderFactory;
import javax.sip.header.MaxForwardsHeader;
import javax.sip.header.RouteHeader;
import javax.sip.header.SubjectHeader;
import javax.sip.header.ToHeader;
import javax.sip.header.ViaHeader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipText;

/** Tests the javax.sip.message view: what it returns, and that an edit changes nothing else. */
class JainMessageTest {

    private static final HeaderFactory HEADERS;
    private static final AddressFactory ADDRESSES;

    static {
        try {
            HEADERS = SipFactory.getInstance().createHeaderFactory();
            ADDRESSES = SipFactory.getInstance().createAddressFactory();
        } catch (Exception e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Unusual spelling everywhere, so that a rewritten header is noticed. */
    private static final String TEXT = """
      INVITE sip:bob@example.org;x SIP/2.0
      v:SIP/2.0/UDP 192.0.2.1 ;branch=z9hG4bK1;rport
      VIA: SIP/2.0/TCP 192.0.2.2;branch=z9hG4bK2  ,
        SIP/2.0/TLS 192.0.2.3;branch=z9hG4bK3
      max-forwards :  0070
      f: "Alice \\"A\\""   <sip:alice@example.org>; tag = 1
      To: sip:bob@example.org
      i: c1@x
      CSeq: 0007   INVITE
      X-Unknown:   a,, "b
      m: <sip:1@a>, <sip:2@a>;q=0.5 , "x, y" <sip:3@a>
      Supported:
      Subject:   lunch\s\s
      c: text/plain
      l: 5

      hello""";

    private static JainRequest invite() {
        return JainRequest.of(SipText.request(TEXT));
    }

    private static String text(JainMessage message) {
        return message.toString().replace("\r\n", "\n");
    }

    private static <T> List<T> list(Iterator<T> iterator) {
        List<T> all = new ArrayList<>();
        iterator.forEachRemaining(all::add);
        return all;
    }

    // ---- reading

    @Test
    void typedHeadersAreParsed() {
        JainRequest request = invite();

        assertThat(((FromHeader) request.getHeader("From")).getTag()).isEqualTo("1");
        assertThat(((FromHeader) request.getHeader("f")).getAddress().getDisplayName())
                .isEqualTo("Alice \\\"A\\\"");
        assertThat(((MaxForwardsHeader) request.getHeader("MAX-FORWARDS")).getMaxForwards())
                .isEqualTo(70);
        assertThat(((CSeqHeader) request.getHeader("CSeq")).getSeqNumber()).isEqualTo(7);
        assertThat(((SubjectHeader) request.getHeader("Subject")).getSubject()).isEqualTo("lunch");
        assertThat(request.getContentLength().getContentLength()).isEqualTo(5);
        assertThat(request.getMethod()).isEqualTo("INVITE");
        assertThat(((SipURI) request.getRequestURI()).getUser()).isEqualTo("bob");
        assertThat(request.getRawContent()).isEqualTo("hello".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        assertThat(request.getHeader("Expires")).isNull();
        assertThat(request.getExpires()).isNull();
        assertThat(request.getSIPVersion()).isEqualTo("SIP/2.0");
    }

    @Test
    void everyElementOfAListIsAHeader() {
        JainRequest request = invite();

        assertThat(list(request.getHeaders("Contact")))
                .extracting(h -> ((ContactHeader) h).getAddress().getURI().toString())
                .containsExactly("sip:1@a", "sip:2@a", "sip:3@a");
        assertThat(list(request.getHeaders("Via")))
                .extracting(h -> ((ViaHeader) h).getBranch())
                .containsExactly("z9hG4bK1", "z9hG4bK2", "z9hG4bK3");
        assertThat(list(request.getHeaders("Supported"))).isEmpty();
        assertThat(request.getHeader("Supported")).isNull();
    }

    @Test
    void viaKeepsItsParameters() {
        SipRequest request = SipText.request("BYE sip:a SIP/2.0\nv: SIP / 2.0 / TLS [2001:db8::1] : 5061;rport;"
                + "received=192.0.2.7;ttl=3;maddr=m;x=\"a b\";branch=z9hG4bK9\n\n");
        ViaHeader via = (ViaHeader) JainRequest.of(request).getHeader("Via");

        assertThat(via.getHost()).isEqualTo("[2001:db8::1]");
        assertThat(via.getPort()).isEqualTo(5061);
        assertThat(via.getTransport()).isEqualTo("TLS");
        assertThat(via.getReceived()).isEqualTo("192.0.2.7");
        assertThat(via.getTTL()).isEqualTo(3);
        assertThat(via.getMAddr()).isEqualTo("m");
        assertThat(via.getBranch()).isEqualTo("z9hG4bK9");
        assertThat(via.getParameter("x")).isEqualTo("a b");
        assertThat(via.toString().trim())
                .isEqualTo(
                        "Via: SIP/2.0/TLS [2001:db8::1]:5061;rport;received=192.0.2.7;ttl=3;maddr=m;x=\"a b\";branch=z9hG4bK9");
    }

    @Test
    void headerIsParsedOnce() {
        JainRequest request = invite();

        assertThat(request.getHeader("Contact")).isSameAs(request.getHeader("m"));
        assertThat(request.getHeaders("Contact").next()).isSameAs(request.getHeader("Contact"));
        assertThat(request.getRequestURI()).isSameAs(request.getRequestURI());
    }

    @Test
    void namesAreReturnedInOrderInTheirLongForm() {
        assertThat(list(invite().getHeaderNames()))
                .containsExactly(
                        "Via",
                        "Max-Forwards",
                        "From",
                        "To",
                        "Call-ID",
                        "CSeq",
                        "X-Unknown",
                        "Contact",
                        "Supported",
                        "Subject",
                        "Content-Type",
                        "Content-Length");
    }

    @Test
    void malformedHeaderIsRejectedWithItsStatusAndListed() {
        JainRequest request = JainRequest.of(SipText.requestWith("Date: yesterday", "Subject: x"));

        assertThatThrownBy(() -> request.getHeader("Date"))
                .isInstanceOfSatisfying(
                        MalformedHeaderException.class,
                        e -> assertThat(e.statusCode()).isEqualTo(400))
                .hasMessageContaining("Date")
                .hasMessageContaining("yesterday");
        assertThat(list(request.getUnrecognizedHeaders())).containsExactly("Date: yesterday");
    }

    @Test
    void readingChangesNothing() {
        JainRequest request = invite();
        SipRequest before = request.message();

        list(request.getHeaderNames()).forEach(name -> list(request.getHeaders(name)));
        request.getRequestURI();
        request.message();

        assertThat(request.message()).isSameAs(before);
        assertThat(text(request)).isEqualTo(TEXT);
    }

    // ---- changes in place

    @Test
    void changeOfATypedHeaderReachesTheBytesAndNothingElse() throws Exception {
        JainRequest request = invite();

        ((FromHeader) request.getHeader("From")).setTag("changed");
        request.message();

        assertThat(request.message().fromTag()).isEqualTo("changed");
        assertThat(text(request))
                .isEqualTo(TEXT.replace(
                        "\"Alice \\\"A\\\"\"   <sip:alice@example.org>; tag = 1",
                        "\"Alice \\\"A\\\"\" <sip:alice@example.org>;tag=changed"));
    }

    @Test
    void changeOfOneElementLeavesItsNeighbours() throws Exception {
        JainRequest request = invite();
        ContactHeader second =
                (ContactHeader) list(request.getHeaders("Contact")).get(1);

        second.setExpires(60);

        assertThat(text(request)).isEqualTo(TEXT.replace("<sip:2@a>;q=0.5 ,", "<sip:2@a>;q=0.5;expires=60 ,"));
    }

    @Test
    void changeOfTheUriInsideAHeaderIsWritten() throws Exception {
        JainRequest request = invite();

        ((SipURI) ((ToHeader) request.getHeader("To")).getAddress().getURI()).setUser("carol");
        ((SipURI) request.getRequestURI()).setHost("example.net");

        assertThat(text(request))
                .isEqualTo(TEXT.replace("To: sip:bob@example.org", "To: <sip:carol@example.org>")
                        .replace("INVITE sip:bob@example.org;x", "INVITE sip:bob@example.net;x"));
        assertThat(request.message().requestUri().host()).isEqualTo("example.net");
    }

    @Test
    void handedOutHeaderStaysLiveAfterOtherEdits() throws Exception {
        JainRequest request = invite();
        FromHeader from = (FromHeader) request.getHeader("From");
        ContactHeader last = (ContactHeader) list(request.getHeaders("Contact")).get(2);

        from.setTag("first-change-longer-than-before");
        request.addFirst(HEADERS.createRecordRouteHeader(ADDRESSES.createAddress("<sip:p;lr>")));
        request.removeFirst("Contact");
        from.setTag("2");
        last.setQValue(0.25f);
        request.message();

        assertThat(request.message().fromTag()).isEqualTo("2");
        assertThat(request.getHeader("From")).isSameAs(from);
        assertThat(list(request.getHeaders("Contact"))).hasSize(2).contains(last);
        assertThat(text(request)).contains("m: <sip:2@a>;q=0.5 , \"x, y\" <sip:3@a>;q=0.25\n");
    }

    @Test
    void headerThatWasSetStaysLive() throws Exception {
        JainRequest request = invite();
        ToHeader to = HEADERS.createToHeader(ADDRESSES.createAddress("<sip:x@y>"), "t");

        request.setHeader(to);
        to.setTag("u");

        assertThat(request.getHeader("To")).isSameAs(to);
        assertThat(text(request)).isEqualTo(TEXT.replace("To: sip:bob@example.org", "To: <sip:x@y>;tag=u"));
    }

    @Test
    void removedHeaderIsNoLongerLive() throws Exception {
        JainRequest request = invite();
        ContactHeader contact = (ContactHeader) request.getHeader("Contact");

        request.removeHeader("Contact");
        contact.setExpires(1);

        assertThat(text(request)).isEqualTo(TEXT.replaceAll("m: .*\n", ""));
    }

    // ---- edits

    @Test
    void setHeaderReplacesTheFirstLineAndRemovesTheOthers() throws Exception {
        JainRequest request = invite();

        request.setHeader(HEADERS.createViaHeader("h", 5060, "UDP", "z9hG4bKnew"));

        assertThat(text(request))
                .isEqualTo(TEXT.replaceAll("(?s)v:SIP.*?max", "Via: SIP/2.0/UDP h:5060;branch=z9hG4bKnew\nmax"));
    }

    @Test
    void setHeaderOfANewNameIsAddedLast() throws Exception {
        JainRequest request = invite();

        request.setHeader(HEADERS.createExpiresHeader(60));

        assertThat(text(request)).isEqualTo(TEXT.replace("l: 5\n", "l: 5\nExpires: 60\n"));
        assertThat(request.getExpires().getExpires()).isEqualTo(60);
    }

    @Test
    void addedHeadersAreNextToThoseOfTheirName() throws Exception {
        JainRequest request = invite();
        request.addLast(HEADERS.createContactHeader(ADDRESSES.createAddress("sip:9@a")));
        request.addFirst(HEADERS.createContactHeader(ADDRESSES.createAddress("sip:0@a")));

        assertThat(text(request))
                .isEqualTo(TEXT.replace("m: <sip:1@a>", "Contact: <sip:0@a>\nm: <sip:1@a>")
                        .replace("<sip:3@a>\n", "<sip:3@a>\nContact: <sip:9@a>\n"));
    }

    @Test
    void addHeaderPutsViaAndRecordRouteOnTop() throws Exception {
        JainRequest request = invite();

        request.addHeader(HEADERS.createViaHeader("h", 1, "UDP", "z9hG4bK0"));
        request.addHeader(HEADERS.createRouteHeader(ADDRESSES.createAddress("<sip:r1;lr>")));
        request.addHeader(HEADERS.createRouteHeader(ADDRESSES.createAddress("<sip:r2;lr>")));
        request.addHeader(HEADERS.createRecordRouteHeader(ADDRESSES.createAddress("<sip:rr1;lr>")));
        request.addHeader(HEADERS.createRecordRouteHeader(ADDRESSES.createAddress("<sip:rr2;lr>")));

        assertThat(text(request))
                .startsWith(
                        "INVITE sip:bob@example.org;x SIP/2.0\n"
                                + "Record-Route: <sip:rr2;lr>\nRecord-Route: <sip:rr1;lr>\nVia: SIP/2.0/UDP h:1;branch=z9hG4bK0\nv:SIP");
        assertThat(list(request.getHeaders("Route")))
                .extracting(h -> ((RouteHeader) h).getAddress().getURI().toString())
                .containsExactly("sip:r1;lr", "sip:r2;lr");
    }

    @Test
    void headerThatMayOccurOnceIsNotAddedTwice() throws Exception {
        JainRequest request = invite();
        Header second = HEADERS.createMaxForwardsHeader(1);

        assertThatThrownBy(() -> request.addHeader(second)).hasMessageContaining("setHeader");
        assertThat(text(request)).isEqualTo(TEXT);
    }

    @Test
    void firstAndLastElementsAreRemovedWithTheirCommas() {
        JainRequest request = invite();

        request.removeFirst("Contact");
        request.removeLast("Contact");
        assertThat(text(request)).contains("m: <sip:2@a>;q=0.5\n");

        request.removeLast("Contact");
        request.removeLast("Via");
        request.removeLast("Via");
        request.removeFirst("Expires");
        assertThat(text(request)).isEqualTo(TEXT.replaceAll("m: .*\n", "").replaceAll("(?s)VIA:.*?max", "max"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\r\nEvil: b", "a\nb", "a\r\n\r\nbody", "a\u0000b"})
    void headerThatWouldBreakTheMessageIsRejected(String value) throws Exception {
        JainRequest request = invite();
        Header header = HEADERS.createHeader("X-Own", "ok");
        ((javax.sip.header.ExtensionHeader) header).setValue(value);

        assertThatThrownBy(() -> request.setHeader(header)).isInstanceOf(IllegalArgumentException.class);
        assertThat(text(request)).isEqualTo(TEXT);
    }

    @Test
    void editBeyondTheLimitsIsRejected() throws Exception {
        JainRequest request = invite();
        Header header = HEADERS.createHeader("X-Own", "x".repeat(66_000));

        assertThatThrownBy(() -> request.setHeader(header)).hasMessageContaining("65536");
        assertThat(text(request)).isEqualTo(TEXT);
    }

    @Test
    void contentSetsItsTypeAndLength() throws Exception {
        JainRequest request = invite();

        request.setContent("grüße", HEADERS.createContentTypeHeader("text", "html"));

        assertThat(text(request))
                .isEqualTo(TEXT.replace("c: text/plain\nl: 5", "Content-Type: text/html\nContent-Length: 7")
                        .replace("\nhello", "\ngrüße"));
        assertThat(request.message().bodyLength()).isEqualTo(7);
    }

    @Test
    void contentIsWrittenInTheCharsetThatItsTypeNames() throws Exception {
        JainRequest request = invite();
        var type = HEADERS.createContentTypeHeader("text", "plain");
        type.setParameter("charset", "ISO-8859-1");

        request.setContent("grüße", type);

        assertThat(request.getRawContent()).hasSize(5);
        type.setParameter("charset", "nope");
        assertThatThrownBy(() -> invite().setContent("x", type)).isInstanceOf(java.text.ParseException.class);
    }

    @Test
    void contentCanBeAddedAndRemoved() throws Exception {
        JainRequest bye = JainRequest.of(SipText.request("BYE sip:a SIP/2.0\nTo: <sip:a>\n\n"));

        bye.setContent(new byte[] {1, 2, 3}, HEADERS.createContentTypeHeader("a", "b"));
        assertThat(text(bye))
                .isEqualTo("BYE sip:a SIP/2.0\nTo: <sip:a>\nContent-Type: a/b\nContent-Length: 3\n\n\1\2\3");

        bye.removeContent();
        assertThat(text(bye)).isEqualTo("BYE sip:a SIP/2.0\nTo: <sip:a>\nContent-Length: 0\n\n");
        assertThat(bye.getRawContent()).isNull();
        assertThat(bye.getContent()).isNull();
    }

    @Test
    void contentLengthThatDoesNotMatchIsRejected() throws Exception {
        JainRequest request = invite();

        assertThatThrownBy(() -> request.setContentLength(HEADERS.createContentLengthHeader(9)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("withBody");
        assertThat(text(request)).isEqualTo(TEXT);
    }

    @Test
    void methodChangesInStartLineAndCSeq() throws Exception {
        JainRequest request = invite();

        request.setMethod("MESSAGE");

        assertThat(request.message().method()).isSameAs(Method.MESSAGE);
        assertThat(text(request)).isEqualTo(TEXT.replace("INVITE", "MESSAGE"));
        assertThatThrownBy(() -> request.setMethod("A B")).isInstanceOf(java.text.ParseException.class);
    }

    @Test
    void requestUriIsReplacedAndStaysLive() throws Exception {
        JainRequest request = invite();
        SipURI uri = ADDRESSES.createSipURI("carol", "example.com");

        request.setRequestURI(uri);
        uri.setPort(5080);

        assertThat(request.getRequestURI()).isSameAs(uri);
        assertThat(text(request)).isEqualTo(TEXT.replace("sip:bob@example.org;x", "sip:carol@example.com:5080"));
    }

    @Test
    void statusLineIsEdited() throws Exception {
        JainResponse response = JainResponse.of(SipText.response("SIP/2.0 200\nTo: <sip:a>\n\n"));

        response.setStatusCode(486);
        response.setReasonPhrase("Busy Hier");

        assertThat(response.message().statusCode()).isEqualTo(486);
        assertThat(text(response)).isEqualTo("SIP/2.0 486 Busy Hier\nTo: <sip:a>\n\n");
        assertThatThrownBy(() -> response.setStatusCode(700)).hasMessageContaining("700");
        assertThatThrownBy(() -> response.setReasonPhrase("a\r\nb")).isInstanceOf(java.text.ParseException.class);
        assertThatThrownBy(() -> response.setSIPVersion("SIP/3.0")).hasMessageContaining("SIP/3.0");
    }

    // ---- copies

    @Test
    void cloneIncludesChangesAndIsIndependent() throws Exception {
        JainRequest request = invite();
        FromHeader from = (FromHeader) request.getHeader("From");
        from.setTag("2");

        JainRequest clone = request.clone();
        from.setTag("3");
        clone.removeHeader("Contact");

        assertThat(clone.message().fromTag()).isEqualTo("2");
        assertThat(((FromHeader) clone.getHeader("From"))).isNotSameAs(from);
        assertThat(request.toString()).contains("tag=3").contains("sip:1@a");
        assertThat(clone).isNotEqualTo(request);
    }

    @Test
    void responseIsCopiedToo() throws Exception {
        JainResponse response = JainResponse.of(SipText.response("SIP/2.0 200 OK\nTo: <sip:a>\n\n"));
        JainResponse clone = response.clone();

        clone.setStatusCode(202);

        assertThat(response.message().statusCode()).isEqualTo(200);
        assertThat(text(clone)).isEqualTo("SIP/2.0 202 OK\nTo: <sip:a>\n\n");
    }

    @Test
    void messageSurvivesSerialization() throws Exception {
        JainRequest request = invite();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(request);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            assertThat(in.readObject()).isInstanceOf(JainRequest.class).hasToString(request.toString());
        }
    }

    @Test
    void acceptWithSeveralRangesIsSeveralHeaders() {
        JainRequest request = JainRequest.of(SipText.requestWith("Accept: application/sdp;level=1, text/html"));

        assertThat(list(request.getHeaders("Accept")))
                .extracting(h -> ((AcceptHeader) h).getContentSubType())
                .containsExactly("sdp", "html");
    }

    @Test
    void displayNameWithACommaIsOneElement() {
        SipRequest request = SipText.requestWith("Contact: Doe, John <sip:1@a>, <sip:2@a>");

        assertThat(JainRequest.of(request).getHeaders("Contact")).toIterable().hasSize(2);
    }
}
