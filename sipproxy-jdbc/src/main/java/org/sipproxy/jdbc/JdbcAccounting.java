package org.sipproxy.jdbc;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.event.CompletedRequest;
import org.sipproxy.api.message.Method;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipRequest;
import org.sipproxy.api.message.StatusCode;

/**
 * Call records in the tables that Kamailio's accounting writes.
 *
 * <ul>
 *   <li>{@code acc}: a row for each relayed INVITE, BYE and what else {@link Builder#methods} names, when its final response was
 *       sent. What failed is left out, except for INVITE ({@link Builder#failuresOf}). A request that the proxy answered
 *       itself, such as a REGISTER or a challenge, has no row. Each 2xx of a forked INVITE has one, with its To tag.
 *   <li>{@code missed_calls}: a row for an INVITE outside a dialog, to a URI of this proxy, that was relayed and got a final
 *       response of 300 or more, or that the proxy answered 480 because nobody is registered. A caller who gives up (487) is a
 *       missed call too; a challenge (401, 407) is none, as the caller tries again with a password. One row a call, however
 *       many phones rang.
 *   <li>{@code acc_cdrs}: a row for each call that ended: from the 2xx of its INVITE to the answer to its BYE, be it from
 *       either side, with 2xx, or with 481 or 408, which end a call too (RFC 3261 §15.1.1). A call whose BYE does not come this
 *       way, or gets no answer, leaves no record and is counted. So are all calls that are under way when the proxy stops.
 * </ul>
 *
 * <p>Rows are written by a thread of its own in batches; nothing waits for it. If the database fails, rows wait in a bounded
 * queue until it is back; if the queue is full, rows are dropped, counted and told once. If the connection is lost during a
 * commit, the rows of that batch may be written twice: better than not at all.
 *
 * <p>A component: {@code SipProxy.builder().component(JdbcAccounting.of(dataSource))}. The proxy does not start if a table or
 * column is missing; it does start without a reachable database. The data source stays the host's to close, after the proxy.
 */
public final class JdbcAccounting implements ProxyComponent {

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
    private final AccountingWriter writer;
    private volatile @Nullable ProxyRuntime proxy;

    private JdbcAccounting(Builder b) {
        this.acc = AccountingTable.ofRequests("acc", b.extraColumns, b.databaseZone);
        this.missed = AccountingTable.ofRequests("missed_calls", b.extraColumns, b.databaseZone);
        this.records = AccountingTable.ofCalls(b.callRecordColumns, b.databaseZone);
        this.methods = b.methods;
        this.failuresOf = b.failuresOf;
        this.missedCalls = b.missedCalls;
        this.callRecords = b.callRecords;
        this.closeTimeout = b.closeTimeout;
        this.queue = new AccountingQueue(b.queueCapacity);
        this.calls = new OpenCalls(b.maxOpenCalls, b.maxCallDuration, b.ticker);
        this.writer = new AccountingWriter(
                QuietJdbi.over(b.dataSource), tables(), queue, calls, b.batchRows, b.flushInterval);
    }

    /** Those that are written. */
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

    /** Accounting with all defaults. */
    public static JdbcAccounting of(DataSource dataSource) {
        return builder(dataSource).build();
    }

    /** Accounting in this database; its connections are used by one thread, one at a time. */
    public static Builder builder(DataSource dataSource) {
        return new Builder(dataSource);
    }

    @Override
    public String name() {
        return "accounting";
    }

    @Override
    public void install(ComponentHooks hooks) {
        hooks.onRequestCompleted(this::completed);
    }

    /** Checks the tables and begins to write. */
    @Override
    public void start(ProxyRuntime runtime) {
        this.proxy = runtime;
        writer.start();
    }

    /** Writes what waits, within {@link Builder#closeTimeout}. */
    @Override
    public void close() {
        writer.close(closeTimeout);
    }

    /** How it is doing. May be called by any thread. */
    public AccountingStatus status() {
        return new AccountingStatus(
                queue.size(),
                queue.writtenTotal(),
                queue.droppedTotal(),
                calls.size(),
                calls.forgottenTotal(),
                writer.lastError());
    }

    // ---- on event loops, with the transaction's lock held

    private void completed(CompletedRequest done) {
        try {
            account(done);
        } catch (SipParseException e) {
            throw new IllegalStateException(e); // the proxy has checked what is read here
        }
    }

    private void account(CompletedRequest done) throws SipParseException {
        Method method = done.request().method();
        if (done.isRelayed()) {
            boolean succeeded = done.statusCode() < 300;
            if (methods.contains(method) && (succeeded || failuresOf.contains(method))) {
                writer.offer(row(acc, done));
            }
            if (callRecords && succeeded && method == Method.INVITE) {
                begin(done);
            } else if (callRecords && method == Method.BYE && endsCall(done.statusCode())) {
                end(done);
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

    private static boolean endsCall(int status) {
        return status < 300
                || status == StatusCode.CALL_OR_TRANSACTION_DOES_NOT_EXIST
                || status == StatusCode.REQUEST_TIMEOUT;
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
        return new AccountingRow(
                table, filled(table, texts, done), done.completedAt().toEpochMilli(), 0);
    }

    /** The configured columns are the last ones; all texts are cut, so that the queue's size is bounded in bytes too. */
    private static String[] filled(AccountingTable table, String[] texts, CompletedRequest done) {
        List<AccountingColumn> extra = table.extra();
        int own = texts.length - extra.size();
        for (int i = 0; i < texts.length; i++) {
            String text = i < own ? texts[i] : value(extra.get(i - own), done);
            texts[i] = ColumnText.cut(text, table.width(i));
        }
        return texts;
    }

    /** A host's function: whatever it throws costs no more than its own text. */
    private static String value(AccountingColumn column, CompletedRequest done) {
        try {
            @Nullable String text = column.value().of(done);
            return text == null ? "" : text;
        } catch (SipParseException | RuntimeException e) {
            return "";
        }
    }

    private void begin(CompletedRequest done) throws SipParseException {
        SipRequest request = done.request();
        if (request.hasToTag()) {
            return; // a re-INVITE: the call has begun already
        }
        String[] texts = filled(records, new String[records.textColumns().size()], done);
        calls.answered(
                keyText(request.callId()),
                keyText(request.fromTag()),
                keyText(done.toTag()),
                new OpenCalls.Call(done.completedAt().toEpochMilli(), texts));
    }

    private void end(CompletedRequest done) throws SipParseException {
        SipRequest request = done.request();
        OpenCalls.Call call =
                calls.ended(keyText(request.callId()), keyText(request.fromTag()), keyText(request.toTag()));
        if (call != null) {
            writer.offer(new AccountingRow(
                    records,
                    call.texts(),
                    call.startMillis(),
                    done.completedAt().toEpochMilli()));
        }
    }

    /** What identifies a call may be as long as a message; nobody honest needs more than this. */
    private static String keyText(String text) {
        return ColumnText.cut(text, 255);
    }

    /** The options of {@link JdbcAccounting}. All problems are told at once by {@link #build()}. */
    public static final class Builder {

        private final DataSource dataSource;
        private Set<Method> methods = Set.of(Method.INVITE, Method.BYE);
        private Set<Method> failuresOf = Set.of(Method.INVITE);
        private boolean missedCalls = true;
        private boolean callRecords = true;
        private List<AccountingColumn> extraColumns = List.of();
        private List<AccountingColumn> callRecordColumns = List.of();
        private ZoneId databaseZone = ZoneOffset.UTC;
        private int queueCapacity = 10_000;
        private int batchRows = 500;
        private Duration flushInterval = Duration.ofSeconds(1);
        private Duration closeTimeout = Duration.ofSeconds(5);
        private Duration maxCallDuration = Duration.ofHours(12);
        private int maxOpenCalls = 100_000;
        private Ticker ticker = Ticker.systemTicker();

        private Builder(DataSource dataSource) {
            this.dataSource = Objects.requireNonNull(dataSource, "dataSource");
        }

        /** The methods that get rows in {@code acc}; none for no such rows. Default INVITE and BYE. ACK never completes. */
        public Builder methods(Method... some) {
            this.methods = Set.of(some);
            return this;
        }

        /** The methods whose failures get rows in {@code acc} too, of those in {@link #methods}. Default INVITE. */
        public Builder failuresOf(Method... some) {
            this.failuresOf = Set.of(some);
            return this;
        }

        /** Whether {@code missed_calls} is written. Default true. */
        public Builder missedCalls(boolean write) {
            this.missedCalls = write;
            return this;
        }

        /** Whether {@code acc_cdrs} is written. Default true. */
        public Builder callRecords(boolean write) {
            this.callRecords = write;
            return this;
        }

        /** Further columns of {@code acc} and {@code missed_calls}. Default none; see {@link AccountingColumn#USUAL}. */
        public Builder extraColumns(List<AccountingColumn> columns) {
            this.extraColumns = List.copyOf(columns);
            return this;
        }

        /**
         * Further columns of {@code acc_cdrs}, read from the INVITE that began the call. Default none; without any a record does
         * not tell whose call it was.
         */
        public Builder callRecordColumns(List<AccountingColumn> columns) {
            this.callRecordColumns = List.copyOf(columns);
            return this;
        }

        /** The zone of the times in the database, which holds none. Default UTC. A Kamailio writes its process's local time. */
        public Builder databaseZone(ZoneId zone) {
            this.databaseZone = Objects.requireNonNull(zone, "zone");
            return this;
        }

        /** How many rows may wait; 100 to 1,000,000; default 10,000. A row takes some 500 bytes, at most some 2,000. */
        public Builder queueCapacity(int rows) {
            this.queueCapacity = rows;
            return this;
        }

        /** How many rows are written at once; 1 to 5,000; default 500. */
        public Builder batchRows(int rows) {
            this.batchRows = rows;
            return this;
        }

        /** How long a row waits at most for others to be written with; 10 ms to 1 min; default 1 s. */
        public Builder flushInterval(Duration interval) {
            this.flushInterval = Objects.requireNonNull(interval, "interval");
            return this;
        }

        /** How long closing may take to write what waits; 0 to 1 min; default 5 s. What is left then is lost and counted. */
        public Builder closeTimeout(Duration limit) {
            this.closeTimeout = Objects.requireNonNull(limit, "limit");
            return this;
        }

        /** After what time a call without an end is forgotten; 1 min to 7 days; default 12 h. */
        public Builder maxCallDuration(Duration longest) {
            this.maxCallDuration = Objects.requireNonNull(longest, "longest");
            return this;
        }

        /** How many calls are remembered at most until they end; 100 to 10,000,000; default 100,000. */
        public Builder maxOpenCalls(int most) {
            this.maxOpenCalls = most;
            return this;
        }

        Builder ticker(Ticker time) {
            this.ticker = time;
            return this;
        }

        /**
         * Checks the options; opens nothing.
         *
         * @throws IllegalArgumentException with every problem found, a line each
         */
        public JdbcAccounting build() {
            List<String> problems = new ArrayList<>();
            range(problems, "queueCapacity", queueCapacity, 100, 1_000_000);
            range(problems, "batchRows", batchRows, 1, 5_000);
            range(problems, "maxOpenCalls", maxOpenCalls, 100, 10_000_000);
            range(problems, "flushInterval", flushInterval, Duration.ofMillis(10), Duration.ofMinutes(1));
            range(problems, "closeTimeout", closeTimeout, Duration.ZERO, Duration.ofMinutes(1));
            range(problems, "maxCallDuration", maxCallDuration, Duration.ofMinutes(1), Duration.ofDays(7));
            if (batchRows > queueCapacity) {
                problems.add("batchRows: " + batchRows + " is above queueCapacity " + queueCapacity);
            }
            unique(
                    problems,
                    "extraColumns",
                    extraColumns,
                    Set.of("id", "method", "from_tag", "to_tag", "callid", "sip_code", "sip_reason", "time"));
            unique(
                    problems,
                    "callRecordColumns",
                    callRecordColumns,
                    Set.of("id", "start_time", "end_time", "duration"));
            if (methods.isEmpty() && !missedCalls && !callRecords) {
                problems.add("methods: none, and neither missedCalls nor callRecords; leave the component out instead");
            }
            if (!problems.isEmpty()) {
                throw new IllegalArgumentException(String.join("\n", problems));
            }
            return new JdbcAccounting(this);
        }

        private static void unique(
                List<String> problems, String option, List<AccountingColumn> columns, Set<String> taken) {
            Set<String> seen = new HashSet<>(taken);
            for (AccountingColumn column : columns) {
                if (!seen.add(column.name())) {
                    problems.add(option + ": " + column.name() + " is given twice or is the table's own; give it once");
                }
            }
        }

        private static void range(List<String> problems, String name, long value, long min, long max) {
            if (value < min || value > max) {
                problems.add(name + ": " + value + " (expected " + min + " to " + max + ")");
            }
        }

        private static void range(List<String> problems, String name, Duration value, Duration min, Duration max) {
            if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
                problems.add(name + ": " + value + " (expected " + min + " to " + max + ")");
            }
        }
    }
}
