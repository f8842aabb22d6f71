package org.sipproxy.server.web;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.sipproxy.server.json.Json;

/** Headless Chromium with one page, driven over the DevTools protocol. */
final class Chromium implements AutoCloseable {

    private static final long PATIENCE_SECONDS = 30;
    private static final List<String> NAMES =
            List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome");
    private static final Pattern LISTENING = Pattern.compile("DevTools listening on ws://([^/]+)/");

    private final Process process;
    private final Path profile;
    private final WebSocket socket;
    private final AtomicInteger ids = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonObject>> pending = new ConcurrentHashMap<>();
    private final List<String> complaints = new CopyOnWriteArrayList<>();

    /** Returns the browser of this machine: that of the environment variable CHROMIUM, or one on the path. */
    static Optional<Path> find() {
        String given = System.getenv("CHROMIUM");
        Stream<Path> candidates = given != null
                ? Stream.of(Path.of(given))
                : Pattern.compile(File.pathSeparator, Pattern.LITERAL)
                        .splitAsStream(String.valueOf(System.getenv("PATH")))
                        .flatMap(directory -> NAMES.stream().map(name -> Path.of(directory, name)));
        return candidates.filter(Files::isExecutable).findFirst();
    }

    /** Starts a browser with an empty page, and with a profile of its own. */
    static Chromium start(Path browser) throws Exception {
        Path profile = Files.createTempDirectory("chromium");
        List<String> command = new ArrayList<>(List.of(
                browser.toString(),
                "--headless=new",
                "--no-sandbox", // tests may run as root
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--no-first-run",
                "--no-proxy-server",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile));
        command.add("about:blank");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            return new Chromium(process, profile);
        } catch (Exception | AssertionError e) {
            process.destroyForcibly();
            throw e;
        }
    }

    private Chromium(Process process, Path profile) throws Exception {
        this.process = process;
        this.profile = profile;
        CompletableFuture<String> address = new CompletableFuture<>();
        Thread reader = new Thread(() -> read(address), "chromium-output");
        reader.setDaemon(true);
        reader.start();
        HttpClient client = HttpClient.newHttpClient();
        HttpResponse<String> targets = client.send(
                HttpRequest.newBuilder(
                                URI.create("http://" + address.get(PATIENCE_SECONDS, TimeUnit.SECONDS) + "/json/list"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        String page = null;
        for (JsonElement target : JsonParser.parseString(targets.body()).getAsJsonArray()) {
            if (target.getAsJsonObject().get("type").getAsString().equals("page")) {
                page = target.getAsJsonObject().get("webSocketDebuggerUrl").getAsString();
            }
        }
        if (page == null) {
            throw new AssertionError("no page: " + targets.body());
        }
        this.socket = client.newWebSocketBuilder()
                .buildAsync(URI.create(page), new Receiver())
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        for (String domain : List.of("Page", "Runtime", "Log", "Network")) {
            command(domain + ".enable", Map.of());
        }
    }

    private void read(CompletableFuture<String> address) {
        StringBuilder all = new StringBuilder();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                all.append(line).append('\n');
                Matcher found = LISTENING.matcher(line);
                if (found.find()) {
                    address.complete(found.group(1));
                }
            }
        } catch (IOException e) {
            all.append(e);
        }
        address.completeExceptionally(new AssertionError("the browser ended: " + all));
    }

    private final class Receiver implements WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean isLast) {
            text.append(part);
            if (isLast) {
                receive(JsonParser.parseString(text.toString()).getAsJsonObject());
                text.setLength(0);
            }
            from.request(1);
            return CompletableFuture.completedFuture(null);
        }
    }

    private void receive(JsonObject message) {
        if (message.has("id")) {
            CompletableFuture<JsonObject> waiting =
                    pending.remove(message.get("id").getAsInt());
            if (waiting != null) {
                waiting.complete(message);
            }
            return;
        }
        JsonObject params = message.getAsJsonObject("params");
        switch (message.get("method").getAsString()) {
            case "Runtime.exceptionThrown" -> complaints.add("exception: " + params);
            case "Runtime.consoleAPICalled" -> complaints.add("console: " + params);
            case "Log.entryAdded" -> complaints.add("log: " + params);
            case "Page.javascriptDialogOpening" -> complaints.add("dialog: " + params);
            default -> {}
        }
    }

    /** Sends a command and returns its result. */
    JsonObject command(String method, Map<String, Object> params) {
        int id = ids.incrementAndGet();
        CompletableFuture<JsonObject> waiting = new CompletableFuture<>();
        pending.put(id, waiting);
        socket.sendText(Json.of(Map.of("id", id, "method", method, "params", params)), true)
                .join();
        JsonObject response =
                waiting.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
        if (response.has("error")) {
            throw new AssertionError(method + ": " + response.get("error"));
        }
        return response.getAsJsonObject("result");
    }

    void open(String url) {
        command("Page.navigate", Map.of("url", url));
    }

    /** Returns the value of a JavaScript expression as text. */
    String evaluate(String expression) {
        JsonObject result =
                command("Runtime.evaluate", Map.of("expression", "String(" + expression + ")", "returnByValue", true));
        if (result.has("exceptionDetails")) {
            throw new AssertionError(expression + ": " + result.get("exceptionDetails"));
        }
        return result.getAsJsonObject("result").get("value").getAsString();
    }

    /** Presses and releases a key, such as Tab or Enter. */
    void press(String key, int code) {
        Map<String, Object> common = Map.of("key", key, "code", key, "windowsVirtualKeyCode", code);
        Map<String, Object> down = new ConcurrentHashMap<>(common);
        down.put("type", "keyDown");
        if (key.equals("Enter")) {
            down.put("text", "\r");
        }
        command("Input.dispatchKeyEvent", down);
        Map<String, Object> up = new ConcurrentHashMap<>(common);
        up.put("type", "keyUp");
        command("Input.dispatchKeyEvent", up);
    }

    void type(String text) {
        command("Input.insertText", Map.of("text", text));
    }

    /** Returns what the browser reported: exceptions, console output, failed requests, violations of the policy. */
    List<String> complaints() {
        return List.copyOf(complaints);
    }

    /** Sets the size of the window, and light or dark colours. */
    void look(int width, int height, String scheme) {
        command(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
        JsonArray features = new JsonArray();
        JsonObject feature = new JsonObject();
        feature.addProperty("name", "prefers-color-scheme");
        feature.addProperty("value", scheme);
        features.add(feature);
        command("Emulation.setEmulatedMedia", Map.of("features", features));
    }

    @Override
    public void close() {
        socket.abort();
        List<ProcessHandle> all = Stream.concat(process.descendants(), Stream.of(process.toHandle()))
                .toList();
        all.forEach(ProcessHandle::destroy);
        for (ProcessHandle one : all) {
            try {
                one.onExit().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (ExecutionException | TimeoutException e) {
                one.destroyForcibly();
            }
        }
        try (Stream<Path> files = Files.walk(profile)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException | UncheckedIOException e) {
            // a file of the browser stays in the temporary directory
        }
    }
}
