const body = JSON.stringify({ at: new Date().toLocaleString() }); //~ javascript/local-sent
await fetch("/tasks", { method: "POST", body: JSON.stringify({ day: due.toLocaleDateString("de") }) }); //~ javascript/local-sent
await axios.post("/tasks", { at: createdAt.toLocaleString("en-US") }); //~ javascript/local-sent
await api.put(`/tasks/${id}`, { time: task.due?.toLocaleTimeString() }); //~ javascript/local-sent
res.json({ rows: rows.map((row) => ({ ...row, at: row.updatedAt.toString() })) }); //~ javascript/local-sent
res.send(new Date(row.at).toString()); //~ javascript/local-sent
socket.send(JSON.stringify([due_date.toLocaleString(), 1])); //~ javascript/local-sent
navigator.sendBeacon("/seen", new Date().toDateString()); //~ javascript/local-sent
worker.postMessage({ hour: at.getHours(), minute: at.getMinutes() }); //~ javascript/local-sent javascript/local-sent
await axios({ url, data: { year: now.getFullYear(), month: now.getMonth() + 1 } }); //~ javascript/local-sent javascript/local-sent
