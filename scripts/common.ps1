# Shared by demo.ps1 and test.ps1: finds Python, makes .venv, installs. Works in Windows PowerShell 5.1 and in PowerShell 7.
$ErrorActionPreference = 'Stop'
$Root = Split-Path -Parent $PSScriptRoot
$Venv = Join-Path $Root '.venv'
$VenvPython = Join-Path (Join-Path $Venv 'Scripts') 'python.exe'

function Stop-WithMessage {
    param([string] $Message)
    [Console]::Error.WriteLine($Message)
    exit 1
}

# Runs a program and ends the script with its exit status when it fails:
# PowerShell 5.1 does not treat a program's failure as an error of its own.
function Invoke-Step {
    param([string] $Label, [string] $Program, [string[]] $Arguments)
    if ($Label) { Write-Host "== $Label" }
    & $Program @Arguments
    if ($LASTEXITCODE -ne 0) {
        [Console]::Error.WriteLine("Failed: $Program $($Arguments -join ' ')")
        exit $LASTEXITCODE
    }
}

# Answers with the interpreter's full path, or with nothing when it is absent or too old.
# Standard error is left alone: redirecting it would turn a warning into a terminating error in PowerShell 5.1.
function Get-PythonPath {
    param([string] $Program, [string[]] $Arguments)
    if (-not (Get-Command $Program -CommandType Application -ErrorAction SilentlyContinue)) { return $null }
    $Probe = 'import sys; print(sys.executable if sys.version_info >= (3, 11) else str())'
    $AllArguments = @($Arguments) + @('-c', $Probe)
    try { $Found = & $Program @AllArguments } catch { return $null }
    if ($LASTEXITCODE -ne 0 -or -not $Found) { return $null }
    return ([string] ($Found | Select-Object -Last 1)).Trim()
}

function Find-Python {
    if ($env:PYTHON) {
        $Named = Get-PythonPath -Program $env:PYTHON -Arguments @()
        if (-not $Named) { Stop-WithMessage "PYTHON is set to $env:PYTHON, which is not Python 3.11 or newer." }
        return $Named
    }
    $Launched = Get-PythonPath -Program 'py' -Arguments @('-3')
    if ($Launched) { return $Launched }
    foreach ($Name in @('python3', 'python')) {
        $Found = Get-PythonPath -Program $Name -Arguments @()
        if ($Found) { return $Found }
    }
    Stop-WithMessage 'Python 3.11 or newer was not found. Install it from python.org, or set PYTHON to its path, and run this again.'
}

# True when the stamp is missing or older than pyproject.toml.
function Test-Stale {
    param([string] $Stamp)
    if (-not (Test-Path -LiteralPath $Stamp)) { return $true }
    $Project = Get-Item -LiteralPath (Join-Path $Root 'pyproject.toml')
    return $Project.LastWriteTimeUtc -gt (Get-Item -LiteralPath $Stamp).LastWriteTimeUtc
}

function Install-Environment {
    param([switch] $Dev)
    $Stamp = Join-Path $Venv '.installed'
    $DevStamp = Join-Path $Venv '.installed-dev'
    if (-not (Test-Path -LiteralPath $VenvPython)) {
        $Python = Find-Python
        Invoke-Step "making .venv with $Python" $Python @('-m', 'venv', '--clear', $Venv)
    }
    $Pip = @('-m', 'pip', 'install', '--quiet', '--disable-pip-version-check')
    if (Test-Stale $Stamp) {
        Invoke-Step 'installing dsl-console into .venv (a minute or two, once)' $VenvPython ($Pip + @('--upgrade', 'pip>=25.1'))
        Invoke-Step '' $VenvPython ($Pip + @('--editable', '.[hub,postgres,sftp]'))
        Set-Content -LiteralPath $Stamp -Value 'installed'
    }
    if ($Dev -and (Test-Stale $DevStamp)) {
        Invoke-Step 'installing the checks into .venv' $VenvPython ($Pip + @('--group', 'dev'))
        Set-Content -LiteralPath $DevStamp -Value 'installed'
    }
}
