package org.sipproxy.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingWrite;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.SipUri;

/** Batch of writes as columns: an array for each column of the rows to put, and the ids of the rows to delete. */
final class LocationBatch {

    /** Branch flag that Kamailio's default script sets for a client behind a NAT. */
    private static final int BEHIND_NAT = 64;

    private static final int UDP_CONNECTION = -1;

    private final List<BindingWrite.Put> puts;
    private final List<String> deletes;
    private final LocationLayout layout;

    private LocationBatch(List<BindingWrite.Put> puts, List<String> deletes, LocationLayout layout) {
        this.puts = puts;
        this.deletes = deletes;
        this.layout = layout;
    }

    /** Returns a batch of the last write of each id; earlier ones would not be seen. */
    static LocationBatch of(List<BindingWrite> writes, LocationLayout layout) {
        List<BindingWrite.Put> puts = new ArrayList<>(writes.size());
        List<String> deletes = new ArrayList<>(0);
        for (BindingWrite write : lastOfEachId(writes)) {
            if (write instanceof BindingWrite.Put put) {
                puts.add(put);
            } else {
                deletes.add(write.id());
            }
        }
        return new LocationBatch(puts, deletes, layout);
    }

    private static Iterable<BindingWrite> lastOfEachId(List<BindingWrite> writes) {
        if (writes.size() == 1) {
            return writes;
        }
        Map<String, BindingWrite> last = new LinkedHashMap<>(writes.size() * 2);
        for (BindingWrite write : writes) {
            last.put(write.id(), write);
        }
        return last.values();
    }

    boolean hasPuts() {
        return !puts.isEmpty();
    }

    boolean hasDeletes() {
        return !deletes.isEmpty();
    }

    void setDeletes(PreparedStatement statement) throws SQLException {
        statement.setArray(1, statement.getConnection().createArrayOf("text", deletes.toArray()));
    }

    /** Sets the parameters of {@link LocationTable#put}. */
    void setPuts(PreparedStatement statement, LocationTable table) throws SQLException {
        int n = puts.size();
        String[] ruid = new String[n];
        String[] username = new String[n];
        String[] domain = new String[n];
        String[] contact = new String[n];
        @Nullable String[] received = new String[n];
        @Nullable String[] path = new String[n];
        Long[] expires = new Long[n];
        Float[] q = new Float[n];
        String[] callId = new String[n];
        Integer[] cseq = new Integer[n];
        Long[] modified = new Long[n];
        Integer[] cflags = new Integer[n];
        String[] userAgent = new String[n];
        @Nullable String[] socket = new String[n];
        @Nullable Integer[] methods = new Integer[n];
        @Nullable String[] instance = new String[n];
        Integer[] regId = new Integer[n];
        Integer[] connection = new Integer[n];
        for (int i = 0; i < n; i++) {
            Aor aor = puts.get(i).aor();
            Binding b = puts.get(i).binding();
            table.check(aor, b);
            ruid[i] = b.id();
            username[i] = aor.user();
            domain[i] = aor.domain();
            contact[i] = b.contact().toString();
            received[i] = b.received().map(SipUri::toString).orElse(null);
            path[i] = b.path().isEmpty() ? null : pathText(b.path());
            expires[i] = seconds(b.expiresAtMillis(), table.expiresIsNumber);
            q[i] = b.q();
            callId[i] = b.callId();
            cseq[i] = (int) b.cseq(); // RFC 3261 §8.1.1.5: less than 2^31
            modified[i] = seconds(b.updatedAtMillis(), table.modifiedIsNumber);
            cflags[i] = b.received().isPresent() ? BEHIND_NAT : 0;
            userAgent[i] = b.userAgent().isEmpty() ? "n/a" : table.userAgent(b.userAgent());
            socket[i] = b.socket().map(Endpoint::toString).orElse(null);
            methods[i] = MethodMask.of(b.methods());
            instance[i] = orNull(b.instanceId());
            regId[i] = b.regId();
            connection[i] = connectionId(b);
        }
        Connection c = statement.getConnection();
        int at = 0;
        for (Object[] texts : new Object[][] {ruid, username, domain, contact, received, path}) {
            statement.setArray(++at, c.createArrayOf("text", texts));
        }
        statement.setArray(++at, c.createArrayOf("int8", expires));
        statement.setArray(++at, c.createArrayOf("float4", q));
        statement.setArray(++at, c.createArrayOf("text", callId));
        statement.setArray(++at, c.createArrayOf("int4", cseq));
        statement.setArray(++at, c.createArrayOf("int8", modified));
        statement.setArray(++at, c.createArrayOf("int4", cflags));
        statement.setArray(++at, c.createArrayOf("text", userAgent));
        statement.setArray(++at, c.createArrayOf("text", socket));
        statement.setArray(++at, c.createArrayOf("int4", methods));
        statement.setArray(++at, c.createArrayOf("text", instance));
        statement.setArray(++at, c.createArrayOf("int4", regId));
        statement.setArray(++at, c.createArrayOf("int4", connection));
        statement.setInt(++at, layout.serverId());
    }

    private static @Nullable String orNull(String text) {
        return text.isEmpty() ? null : text;
    }

    /** Returns {@code <sip:a;lr>,<sip:b;lr>}. */
    private static String pathText(List<SipUri> path) {
        StringBuilder text = new StringBuilder();
        for (SipUri hop : path) {
            text.append(text.isEmpty() ? "<" : ",<").append(hop).append('>');
        }
        return text.toString();
    }

    /** Rounds down, because a binding must not last longer than it was granted. */
    private long seconds(long epochMillis, boolean isNumber) {
        long seconds = Math.floorDiv(epochMillis, 1000);
        return isNumber ? seconds : layout.localSeconds(seconds);
    }

    /** Returns a positive number that is meaningful in this process only; −1 without a connection. */
    private static int connectionId(Binding binding) {
        return binding.flow()
                .filter(flow -> flow.kind() != TransportKind.UDP)
                .map(flow -> 1 + (flow.remoteAddress().hashCode() & 0x3fff_ffff))
                .orElse(UDP_CONNECTION);
    }
}
