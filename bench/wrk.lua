-- Sets the request from the arguments behind "--" (method, path, file with the body or "-") and prints the result as
-- one line of JSON. There is no request(): wrk then builds the request once and spends no time in Lua while it measures.

function init(arguments)
  wrk.method = arguments[1]
  wrk.path = arguments[2]
  if arguments[3] ~= "-" then
    local file = assert(io.open(arguments[3], "rb"))
    wrk.body = file:read("*a")
    file:close()
    wrk.headers["Content-Type"] = "application/x-ndjson"
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"micros":%d,"p50_us":%d,"p99_us":%d,'
      .. '"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect, errors.read, errors.write, errors.timeout, errors.status))
end
