package org.sipproxy.jdbc;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.call.Call;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.call.CallEvent;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.routing.CompletedRequest;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;

/**
 * Call records in the tables of Kamailio's accounting.
 *
 * <ul>
 *   <li>{@code acc}: a row for each relayed INVITE that begins a call, for the BYE that ends it, and for the other
 *       {@link Builder#methods}, written when the final response was sent. A re-INVITE has no row. A failed INVITE or
 *       BYE has a row too ({@link Builder#failuresOf}). A request with a locally generated response, such as a REGISTER
 *       or a challenged request, has no row. Each 2xx of a forked INVITE has a row, with its To tag.
 *   <li>{@code missed_calls}: a row for an INVITE outside a dialog, to a URI of this proxy, that was relayed and
 *       got a final response of 300 or above, or that the proxy rejected with 480 because the user is not registered. A
 *       call that the caller cancels (487) is a missed call too. A challenged call (401, 407) is not, because the
 *       caller tries again with a password. One row for each call, however many phones rang.
 *   <li>{@code acc_cdrs}: a row for each call that ended: from the 2xx of its INVITE to the arrival of the first
 *       BYE from either side. The response to the BYE does not matter and may be missing (RFC 3261 §15.1.1), except
 *       that the call continues after a challenge (401 or 407). Column {@code ended_by} is {@code caller} or
 *       {@code callee}. If no BYE comes within {@link Builder#maxCallDuration}, the call ends then: its record has
 *       {@code timeout} in {@code ended_by}, and {@code acc} gets a BYE row with 408 and the reason
 *       {@code Call Timeout}. If the proxy tracks calls ({@code SipProxyBuilder.calls}), that is so also for calls that
 *       it ends because they are lost or too long. A call that the host application hangs up has {@code proxy} in
 *       {@code ended_by}, and a BYE row with 200 and the reason {@code Hung Up}.
 * </ul>
 *
 * <p>By default the {@link AccountingColumn#USUAL} columns of all tables hold who called whom; {@code acc_cdrs} holds
 * the Call-ID too. A Kamailio's tables may lack these columns: they are not written then, which is logged once.
 * {@link KamailioSchema#addAccountingColumns} adds them.
 *
 * <p>A call survives a restart of the proxy, because its INVITE is a row of {@code acc}. At start, the calls without a
 * BYE among the latest million rows are read. The BYE of a call that is not in memory, because another node began it or
 * the proxy was killed, is looked up by its Call-ID. This needs SELECT on {@code acc}, and INVITE and BYE among the
 * {@link Builder#methods}.
 *
 * <p>A dedicated thread writes rows in batches; no request waits for it. While the database fails, rows wait in a
 * bounded queue. When the queue is full, rows are dropped and counted, which is logged once. If the connection is lost
 * during a commit, the rows of that batch may be written twice, which is preferred to losing them.
 *
 * <p>A component: {@code SipProxy.builder().component(JdbcAccounting.of(dataSource))}. The proxy does not start if a
 * table or column is missing; it does start if the database cannot be reached. The host application closes the data
 * source, after the proxy.
 */
public final class JdbcAccounting implements ProxyComponent {

    /** Smaller differences between the two clocks are not a step of the wall clock. */
    private static final long CLOCK_STEP_MILLIS = 1_000;

    /** 64*T1, and some time to notice it. */
    private static final long LONGEST_TRANSACTION_MILLIS = 40_000;

    private final DataSource dataSource;
    private final AccountingTable acc;
    private final AccountingTable missed;
    private final AccountingTable records;
    private final Set<Method> methods;
    private final Set<Method> failuresOf;
    private final boolean missedCalls;
    private final boolean callRecords;
    private final Duration closeTimeout;
    private final AccountingQueue queue;
    private final OpenCalls calls;
    private final CallSearch search;
    /** True if {@code acc} has the rows that a search needs. */
    private final boolean searches;

    private final CircuitBreaker breaker;
    private final DatabaseCalls databaseCalls = new DatabaseCalls();
    private final AccountingWriter writer;
    private CircuitBreaker.@Nullable Use probes;
    private volatile @Nullable ProxyRuntime proxy;

    private JdbcAccounting(Builder b) {
        List<AccountingColumn> extra = b.extraColumns;
        List<AccountingColumn> ofRecords = b.callRecordColumns;
        List<AccountingColumn> columns = extra == null ? AccountingColumn.USUAL : extra;
        this.dataSource = b.dataSource;
        this.acc = AccountingTable.ofRequests("acc", columns, extra == null, b.databaseZone);
        this.missed = AccountingTable.ofRequests("missed_calls", columns, extra == null, b.databaseZone);
        this.records = AccountingTable.ofCalls(
                ofRecords == null ? AccountingColumn.OF_RECORDS : ofRecords, ofRecords == null, b.databaseZone);
        this.search = new CallSearch(acc, records);
        this.searches = b.methods.containsAll(Set.of(Method.INVITE, Method.BYE));
        this.methods = b.methods;
        this.failuresOf = b.failuresOf;
        this.missedCalls = b.missedCalls;
        this.callRecords = b.callRecords;
        this.closeTimeout = b.closeTimeout;
        this.queue = new AccountingQueue(b.queueCapacity);
        this.calls = new OpenCalls(b.maxOpenCalls, b.maxCallDuration, b.ticker, this::timedOut);
        this.breaker = CircuitBreaker.of(b.dataSource);
        this.writer = new AccountingWriter(
                breaker,
                tables(),
                queue,
                calls,
                search,
                databaseCalls,
                new AccountingWriter.Options(
                        b.batchRows(),
                        b.flushInterval,
                        b.callRecords,
                        b.callRecords && searches ? b.maxOpenCalls : 0,
                        b.maxCallDuration,
                        this::wallClock));
    }

    /** Returns the tables that are written. */
    private List<AccountingTable> tables() {
        List<AccountingTable> used = new ArrayList<>();
        if (!methods.isEmpty()) {
            used.add(acc);
        }
        if (missedCalls) {
            used.add(missed);
        }
        if (callRecords) {
            used.add(records);
        }
        return used;
    }

    /** Returns accounting with all defaults. */
    public static JdbcAccounting of(DataSource dataSource) {
        return builder(dataSource).build();
    }

    /** Returns a builder for accounting in a database. One thread uses its connections, one at a time. */
    public static Builder builder(DataSource dataSource) {
        return new Builder(dataSource);
    }

    @Override
    public String name() {
        return "accounting";
    }

    /** Two on one {@code DataSource} would write each row twice. */
    @Override
    public Object identity() {
        return new Identity(dataSource);
    }

    private record Identity(DataSource dataSource) {}

    @Override
    public void install(ComponentHooks hooks) {
        hooks.onRequestCompleted(this::completed);
        hooks.onCall(this::onCall);
    }

    /** Checks the tables and starts the writer. */
    @Override
    public void start(ProxyRuntime runtime) {
        this.proxy = runtime;
        databaseCalls.begin(runtime);
        writer.start(runtime::newThread);
        probes = breaker.probeOn(runtime::newThread);
    }

    /** Writes the queued rows; see {@link Builder#closeTimeout}. */
    @Override
    public void close() {
        writer.close(closeTimeout);
        if (probes != null) {
            probes.close();
            probes = null;
            databaseCalls.end();
        }
    }

    /** Returns the current counters. May be called by any thread. */
    public AccountingStatus status() {
        return new AccountingStatus(
                queue.size(),
                queue.writtenTotal(),
                queue.droppedTotal(),
                calls.size(),
                calls.evictedTotal(),
                writer.lastError());
    }

    // ---- on receiver threads, with the transaction's lock held

    private void completed(CompletedRequest done) {
        try {
            account(done);
        } catch (SipParseException e) {
            throw new IllegalStateException(e); // the proxy has validated these headers
        }
    }

    private void account(CompletedRequest done) throws SipParseException {
        Method method = done.request().method();
        if (method == Method.BYE) {
            end(done);
        } else if (done.isRelayed()
                && !(method == Method.INVITE && done.request().hasToTag())) {
            boolean succeeded = done.statusCode() < 300;
            if (methods.contains(method) && (succeeded || failuresOf.contains(method))) {
                writer.offer(row(acc, done));
            }
            if (callRecords && succeeded && method == Method.INVITE) {
                begin(done);
            }
        }
        if (missedCalls && method == Method.INVITE && isMissed(done)) {
            writer.offer(row(missed, done));
        }
    }

    private boolean isMissed(CompletedRequest done) throws SipParseException {
        int status = done.statusCode();
        ProxyRuntime p = proxy;
        return status >= 300
                && (done.isRelayed()
                        ? status != StatusCode.UNAUTHORIZED && status != StatusCode.PROXY_AUTHENTICATION_REQUIRED
                        : status == StatusCode.TEMPORARILY_UNAVAILABLE)
                && !done.request().hasToTag()
                && p != null
                && p.isMyself(done.request().requestUri());
    }

    private AccountingRow row(AccountingTable table, CompletedRequest done) throws SipParseException {
        SipRequest request = done.request();
        String[] texts = new String[table.textColumns().size()];
        texts[0] = request.method().name();
        texts[1] = request.fromTag();
        texts[2] = done.toTag();
        texts[3] = request.callId();
        texts[4] = Integer.toString(done.statusCode());
        texts[5] = done.reason();
        return AccountingRow.ofRequest(
                table, filled(table, texts, done), done.completedAt().toEpochMilli());
    }

    /** Adds the configured columns. All texts are cut, so that the queue's size is bounded in bytes too. */
    private static String[] filled(AccountingTable table, String[] texts, CompletedRequest done) {
        List<String> columns = table.textColumns();
        List<AccountingColumn> extra = table.extra();
        int own = columns.size() - extra.size() - (columns.contains(AccountingTable.ENDED_BY) ? 1 : 0);
        for (int i = 0; i < texts.length; i++) {
            int configured = i - own;
            String text = texts[i];
            if (configured >= 0 && configured < extra.size()) {
                text = value(extra.get(configured), done);
            }
            texts[i] = text == null ? "" : ColumnText.cut(text, table.width(i));
        }
        return texts;
    }

    /** Calls a host application's function; if it throws, only this text is empty. */
    private static String value(AccountingColumn column, CompletedRequest done) {
        try {
            @Nullable String text = column.value().of(done);
            return text == null ? "" : text;
        } catch (Throwable e) { // an Error must not lose the row either
            return "";
        }
    }

    private void begin(CompletedRequest done) throws SipParseException {
        SipRequest request = done.request();
        String[] texts = filled(records, new String[records.textColumns().size()], done);
        calls.answered(
                search.key(request.callId(), request.fromTag(), done.toTag()),
                new OpenCalls.Call(
                        done.completedAt().toEpochMilli(), proxyMillis(), request.fromTag(), done.toTag(), texts));
    }

    /**
     * Ends the call of a BYE that got its final response, or will not get one. RFC 3261 §15.1.1: the session is over
     * when the BYE is sent. Only after a challenge the client sends it again.
     */
    private void end(CompletedRequest done) throws SipParseException {
        SipRequest request = done.request();
        int status = done.statusCode();
        if (status == StatusCode.UNAUTHORIZED || status == StatusCode.PROXY_AUTHENTICATION_REQUIRED) {
            return;
        }
        CallKey key = search.key(request.callId(), request.fromTag(), request.toTag());
        if (!done.isRelayed() && !calls.isOpen(key)) {
            return; // may be forged
        }
        OpenCalls.Ended ended = calls.ended(key);
        if (ended.end() == OpenCalls.End.BEFORE) {
            return;
        }
        boolean hasRow = methods.contains(Method.BYE) && (status < 300 || failuresOf.contains(Method.BYE));
        AccountingRow bye = hasRow ? row(acc, done) : null;
        OpenCalls.Call call = ended.call();
        long endMillis = done.receivedAt().toEpochMilli();
        if (call == null && searches) {
            writer.offer(new EndOfCall(bye, key, null, request.fromTag(), endMillis));
            return;
        }
        if (bye != null) {
            writer.offer(bye);
        }
        if (call != null && callRecords) {
            String by = EndOfCall.side(call, request.fromTag());
            writer.offer(search.record(call, endMillis, lasted(call, done), by));
        }
    }

    /**
     * Returns the call's duration on the proxy's time, or on the wall clock if another process began the call. If both
     * agree within a step, the row's two times decide.
     */
    private long lasted(OpenCalls.Call call, CompletedRequest done) {
        long wall = done.receivedAt().toEpochMilli() - call.startMillis();
        if (call.startProxyMillis() < 0) {
            return wall;
        }
        long answering = Math.max(
                0, Duration.between(done.receivedAt(), done.completedAt()).toMillis());
        long measured = proxyMillis() - Math.min(answering, LONGEST_TRANSACTION_MILLIS) - call.startProxyMillis();
        return Math.abs(wall - measured) < CLOCK_STEP_MILLIS ? wall : measured;
    }

    /** Ends a call whose BYE did not arrive in time at this node; another node may have received it. */
    private void timedOut(CallKey key, OpenCalls.Call call) {
        long end = wallClock().toEpochMilli();
        AccountingRow bye = bye(key.callId(), call.fromTag(), call.toTag(), false, end);
        if (searches) {
            writer.offer(new EndOfCall(bye, key, call, EndOfCall.TIMEOUT, end));
        } else if (callRecords) {
            writer.offer(search.record(call, end, end - call.startMillis(), EndOfCall.TIMEOUT));
        }
    }

    /**
     * Ends a call that the proxy has ended. Its BYEs are not requests of a client, so they are not completed requests.
     * Called on the thread of call listeners.
     */
    private void onCall(CallEvent event) {
        Call over = event.call();
        CallEnd how = over.end().orElse(null);
        if (how == null
                || how.reason() == CallEnd.Reason.BYE
                || over.answeredAt().isEmpty()) {
            return;
        }
        String callerTag = over.caller().tag();
        CallKey key = search.key(over.callId(), callerTag, over.callee().tag());
        OpenCalls.Ended ended = calls.ended(key);
        if (ended.end() == OpenCalls.End.BEFORE) {
            return;
        }
        boolean hungUp = how.reason() == CallEnd.Reason.HUNG_UP;
        String by = hungUp ? EndOfCall.PROXY : EndOfCall.TIMEOUT;
        long end = over.endedAt().orElseGet(this::wallClock).toEpochMilli();
        AccountingRow bye = bye(over.callId(), callerTag, over.callee().tag(), hungUp, end);
        OpenCalls.Call call = ended.call();
        if (call == null && searches) {
            writer.offer(new EndOfCall(bye, key, null, by, end));
            return;
        }
        if (bye != null) {
            writer.offer(bye);
        }
        if (call != null && callRecords) {
            writer.offer(search.record(call, end, over.duration().toMillis(), by));
        }
    }

    /** Returns the row of a BYE that no client sent; null if {@code acc} has none. */
    private @Nullable AccountingRow bye(String callId, String fromTag, String toTag, boolean hungUp, long endMillis) {
        if (!methods.contains(Method.BYE)) {
            return null;
        }
        String[] texts = new String[acc.textColumns().size()];
        Arrays.fill(texts, "");
        texts[0] = Method.BYE.name();
        texts[1] = fromTag;
        texts[2] = toTag;
        texts[3] = callId;
        texts[4] = Integer.toString(hungUp ? StatusCode.OK : StatusCode.REQUEST_TIMEOUT);
        texts[5] = hungUp ? "Hung Up" : "Call Timeout";
        return AccountingRow.ofRequest(acc, texts, endMillis);
    }

    private Instant wallClock() {
        ProxyRuntime p = proxy;
        return p == null ? Instant.EPOCH : p.wallClock();
    }

    private long proxyMillis() {
        ProxyRuntime p = proxy;
        return p == null ? -1 : p.now().toEpochMilli();
    }

    /** Options of {@link JdbcAccounting}. {@link #build()} reports all problems at once. */
    public static final class Builder {

        private static final int BATCH_ROWS = 500;

        private final DataSource dataSource;
        private Set<Method> methods = Set.of(Method.INVITE, Method.BYE);
        private Set<Method> failuresOf = Set.of(Method.INVITE, Method.BYE);
        private boolean missedCalls = true;
        private boolean callRecords = true;
        /** Null for the usual columns that the table has. */
        private @Nullable List<AccountingColumn> extraColumns;

        private @Nullable List<AccountingColumn> callRecordColumns;
        private ZoneId databaseZone = ZoneOffset.UTC;
        private int queueCapacity = 10_000;
        private @Nullable Integer batchRows;
        private Duration flushInterval = Duration.ofSeconds(1);
        private Duration closeTimeout = Duration.ofSeconds(10);
        private Duration maxCallDuration = Duration.ofHours(24);
        private int maxOpenCalls = 100_000;
        private Ticker ticker = Ticker.systemTicker();

        private final OptionProblems problems = new OptionProblems("accounting");

        private Builder(DataSource dataSource) {
            this.dataSource = Objects.requireNonNull(dataSource, "dataSource");
        }

        /**
         * Sets the methods that get rows in {@code acc}; none for no rows. Default INVITE and BYE. ACK never completes.
         */
        public Builder methods(Method... some) {
            problems.once("methods");
            this.methods = Set.of(some);
            return this;
        }

        /** Sets which of the {@link #methods} get rows in {@code acc} for failures too. Default INVITE and BYE. */
        public Builder failuresOf(Method... some) {
            problems.once("failuresOf");
            this.failuresOf = Set.of(some);
            return this;
        }

        /** Sets whether {@code missed_calls} is written. Default true. */
        public Builder missedCalls(boolean write) {
            problems.once("missedCalls");
            this.missedCalls = write;
            return this;
        }

        /** Sets whether {@code acc_cdrs} is written. Default true. */
        public Builder callRecords(boolean write) {
            problems.once("callRecords");
            this.callRecords = write;
            return this;
        }

        /**
         * Sets further columns of {@code acc} and {@code missed_calls}, which the tables must have. Default
         * {@link AccountingColumn#USUAL}, without those that the tables lack.
         */
        public Builder extraColumns(List<AccountingColumn> columns) {
            problems.once("extraColumns");
            this.extraColumns = List.copyOf(columns);
            return this;
        }

        /**
         * Sets further columns of {@code acc_cdrs}, read from the INVITE that began the call, which the table must
         * have. Default {@link AccountingColumn#OF_RECORDS}, without those that the table lacks.
         */
        public Builder callRecordColumns(List<AccountingColumn> columns) {
            problems.once("callRecordColumns");
            this.callRecordColumns = List.copyOf(columns);
            return this;
        }

        /**
         * Sets the zone of the times in the database, whose columns hold none. Default UTC. A Kamailio writes its
         * process's local time.
         */
        public Builder databaseZone(ZoneId zone) {
            problems.once("databaseZone");
            this.databaseZone = Objects.requireNonNull(zone, "zone");
            return this;
        }

        /**
         * Sets the maximum number of queued rows, 100 to 1,000,000. Default 10,000. A row takes about 500 bytes, at
         * most about 2,000.
         */
        public Builder queueCapacity(int rows) {
            problems.once("queueCapacity");
            this.queueCapacity = rows;
            return this;
        }

        /**
         * Sets the maximum number of rows in a batch, 1 to 5,000. Default 500, or {@link #queueCapacity} if that is
         * smaller.
         */
        public Builder batchRows(int rows) {
            problems.once("batchRows");
            this.batchRows = rows;
            return this;
        }

        private int batchRows() {
            return batchRows != null ? batchRows : Math.min(BATCH_ROWS, queueCapacity);
        }

        /** Sets the longest time that a row waits for others of its batch, 10 ms to 1 min. Default 1 s. */
        public Builder flushInterval(Duration interval) {
            problems.once("flushInterval");
            this.flushInterval = Objects.requireNonNull(interval, "interval");
            return this;
        }

        /**
         * Sets how long closing waits for the database without writing a row, 0 to 1 min. Default 10 s. Closing
         * continues while rows are being written. The remaining rows are lost and counted.
         */
        public Builder closeTimeout(Duration limit) {
            problems.once("closeTimeout");
            this.closeTimeout = Objects.requireNonNull(limit, "limit");
            return this;
        }

        /**
         * Sets the time after which a call without a BYE ends, 1 min to 7 days. Default 24 h, like
         * {@code SipProxyBuilder.longestDialog}.
         */
        public Builder maxCallDuration(Duration longest) {
            problems.once("maxCallDuration");
            this.maxCallDuration = Objects.requireNonNull(longest, "longest");
            return this;
        }

        /**
         * Sets the maximum number of open calls in memory, 100 to 10,000,000. Default 100,000. The BYE of an evicted
         * call is looked up in {@code acc}.
         */
        public Builder maxOpenCalls(int most) {
            problems.once("maxOpenCalls");
            this.maxOpenCalls = most;
            return this;
        }

        Builder ticker(Ticker time) {
            this.ticker = time;
            return this;
        }

        /**
         * Checks the options. Does not open a connection.
         *
         * @throws ConfigurationException if an option is outside its range, given twice or contradicts another
         */
        public JdbcAccounting build() {
            OptionProblems found = problems.copy();
            found.range("queueCapacity", queueCapacity, 100, 1_000_000);
            found.range("maxOpenCalls", maxOpenCalls, 100, 10_000_000);
            found.range("flushInterval", flushInterval, Duration.ofMillis(10), Duration.ofMinutes(1));
            found.range("closeTimeout", closeTimeout, Duration.ZERO, Duration.ofMinutes(1));
            found.range("maxCallDuration", maxCallDuration, Duration.ofMinutes(1), Duration.ofDays(7));
            if (batchRows != null) {
                found.range("batchRows", batchRows, 1, 5_000);
                if (batchRows > queueCapacity) {
                    found.add("batchRows", Integer.toString(batchRows), "is above {queueCapacity} " + queueCapacity);
                }
            }
            unique(
                    found,
                    "extraColumns",
                    extraColumns == null ? List.of() : extraColumns,
                    Set.of("id", "method", "from_tag", "to_tag", "callid", "sip_code", "sip_reason", "time"));
            unique(
                    found,
                    "callRecordColumns",
                    callRecordColumns == null ? List.of() : callRecordColumns,
                    Set.of("id", "start_time", "end_time", "duration", AccountingTable.ENDED_BY));
            if (methods.isEmpty() && !missedCalls && !callRecords) {
                found.add("methods", "", "none, and neither {missedCalls} nor {callRecords}", "omit the component");
            }
            found.throwIfAny();
            return new JdbcAccounting(this);
        }

        private static void unique(
                OptionProblems found, String option, List<AccountingColumn> columns, Set<String> taken) {
            Set<String> seen = new HashSet<>(taken);
            for (AccountingColumn column : columns) {
                if (!seen.add(column.name())) {
                    found.add(
                            option,
                            column.name(),
                            "is given twice, or is a fixed column of the table",
                            "give it once or rename it");
                }
            }
        }
    }
}
